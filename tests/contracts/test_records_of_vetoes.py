"""The records' promise for vetoes: one for each rollback, never forgotten, and what was read about each candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.ports import ConflictError
from bot.rules.deployment import Kind
from bot.rules.release import ReleaseId
from bot.rules.veto import Finding, Ruling, Suspect, TakenBack, Veto, VetoId
from tests.keeping import LATER, SEARCH, a_version, planned, started
from tests.makers import NOW, PAYMENTS, PRODUCTION, an_order, sha
from tests.people import INES, MAYA

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.policy import ServiceName


def what_was_taken(**fields: Any) -> TakenBack:
    """2.4.0, by a rollback to 2.3.9."""
    ready = TakenBack(
        service=PAYMENTS,
        environment=PRODUCTION,
        bad=sha("bad"),
        good=sha("good"),
        bad_version="2.4.0",
        good_version="2.3.9",
        rollback=fields.pop("rollback"),
        release=ReleaseId(1),
        by=INES.id,
        reason="It burns",
        at=NOW,
        known=(sha("bad"), sha("worse")),
    )
    return replace(ready, **fields)


async def vetoed(records: Records, version: str = "2.4.0", service: ServiceName = PAYMENTS) -> Veto:
    """A rollback has taken something back, and it is vetoed."""
    release = await planned(records, a_version(version))
    order = an_order(release.id, kind=Kind.ROLLBACK, service=service)
    deployment = await started(records, order)
    async with records.open() as page:
        veto = await page.add_veto(what_was_taken(rollback=deployment.id, release=release.id, service=service))
        await page.commit()
    assert veto is not None
    return veto


async def kept(records: Records, veto: Veto) -> Veto:
    async with records.open() as page:
        veto = await page.keep_veto(veto)
        await page.commit()
    return veto


async def test_each_service_has_its_vetoes_newest_first(records: Records) -> None:
    one = await vetoed(records)
    other = await vetoed(records, "7.0.0", SEARCH)
    async with records.read() as reading:
        assert await reading.vetoes(PAYMENTS) == [one]
        assert await reading.vetoes(SEARCH) == [other]
        assert await reading.veto(other.id) == other
        assert await reading.veto(VetoId(99)) is None


async def test_one_rollback_is_vetoed_once(records: Records) -> None:
    veto = await vetoed(records)
    async with records.open() as page:
        assert await page.add_veto(veto.taken) is None
        await page.commit()
    async with records.read() as reading:
        assert await reading.vetoes(PAYMENTS) == [veto]


async def test_who_is_to_blame_what_mends_it_and_who_lifted_it_is_kept(records: Records) -> None:
    veto = await vetoed(records)
    said = replace(
        veto,
        culprits=(sha("worse"),),
        named=Ruling(INES.id, NOW, "It alone"),
        answers=(sha("mend"),),
        lifted=Ruling(MAYA.id, LATER, "It was the disk"),
    )
    said = await kept(records, said)
    async with records.read() as reading:
        assert await reading.veto(veto.id) == said
    assert said.revision == 1


async def test_of_two_who_decide_at_once_one_looks_again(records: Records) -> None:
    veto = await vetoed(records)
    await kept(records, replace(veto, answers=(sha("mend"),)))
    with pytest.raises(ConflictError):
        await kept(records, replace(veto, answers=(sha("other"),)))


async def test_what_was_taken_back_stays_what_it_was(records: Records) -> None:
    veto = await vetoed(records)
    with pytest.raises(ValueError, match="can't be changed"):
        await kept(records, replace(veto, taken=replace(veto.taken, bad=sha("another"))))


async def test_what_was_read_of_a_candidate_is_found_by_its_commit(records: Records) -> None:
    veto = await vetoed(records)
    first = Finding(veto.id, sha("one"), NOW, problem="The code host is away.")
    read = Finding(
        veto.id,
        sha("one"),
        LATER,
        culprits=(sha("worse"),),
        answers=(sha("mend"),),
        suspects=3,
        carried=(Suspect(sha("worse"), "Refund “at once” 🎉", "Ben Castillo"),),
        total=2,
        mended=1,
    )
    other = Finding(veto.id, sha("two"), NOW, suspects=3, mended=3)
    async with records.open() as page:
        for each in (first, other, read):
            await page.keep_finding(each)
        await page.commit()
    async with records.read() as reading:
        assert await reading.findings(PAYMENTS, [sha("one")]) == [read]
        found = await reading.findings(PAYMENTS, [sha("two"), sha("one"), sha("none")])
        assert sorted(found, key=lambda each: each.commit) == sorted((read, other), key=lambda each: each.commit)
        assert await reading.findings(SEARCH, [sha("one")]) == []
        assert await reading.findings(PAYMENTS, []) == []
