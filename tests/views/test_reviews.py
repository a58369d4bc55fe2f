"""Broken glass and reviews as people see them: before, right after, while it is owed, and once it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.deployment import Attempt
from bot.rules.review import Passed
from bot.rules.sentence import AtRole, say
from bot.verbs.break_glass import Broken, Glass
from handlers.buttons import OnDeployment, decode
from handlers.views.card import release_card
from handlers.views.deployments import deployment_progress, status
from handlers.views.reviews import broke, glass, owed, review_form, review_request, review_wanted, reviewed
from tests.makers import NOW, PAYMENTS, PRODUCTION, a_deployment, a_duty, a_release, a_review, an_order
from tests.people import BEN, INES, MAYA, OMAR, QA, RELEASE_MANAGER
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import LATER, PEN, seen, the_catalogue

BROKE = a_deployment(attempt=Attempt.SUCCEEDED, order=an_order(broke_glass=True, reason="It is down"), ended_at=NOW)
DONE = a_review(closed_by=MAYA.id, closed_at=NOW, learned="The alarm came late", revision=1)
PASSED = (Passed("approval:qa", say("The approval of {role} is missing.", role=AtRole(QA))),)


def a_glass(**fields) -> Glass:
    picture = seen(a_release())
    place = picture.place(PRODUCTION)
    assert place is not None
    ready = Glass(
        picture,
        place,
        PASSED,
        None,
        "/deploy break-glass confirm R-12 to production It is down",
        NOW + timedelta(minutes=10),
        (RELEASE_MANAGER, timedelta(days=3)),
    )
    return replace(ready, **fields)


def shown(said) -> str:
    taken_by_slack(dict(said))
    return read(said["blocks"])


def test_whoever_looks_reads_what_would_be_passed_who_hears_of_it_and_what_to_type():
    told = shown(glass(a_glass(), PEN))
    assert "# Break the glass for R-12 Payments 2.4.0?" in told
    assert "•  The approval of @S0QA is missing." in told or "•  The approval of @Omar is missing." in told
    assert "reviews it within 3 days." in told
    assert "`/deploy break-glass confirm R-12 to production It is down`" in told
    assert "~ That counts until [2026-11-23 10:10], for one start, and only for what is shown here." in told
    assert "past all of this:" in told
    assert "in the place of @Ines" in shown(glass(a_glass(principal=INES.id), PEN))


def test_of_very_many_things_in_the_way_the_rest_is_counted():
    many = tuple(Passed(f"checklist:{n}", say("Line {n} is not done.", n=n)) for n in range(25))
    told = shown(glass(a_glass(passed=many), PEN))
    assert "… and 5 more" in told
    assert "It would go past 25 things" in glass(a_glass(passed=many), PEN)["text"]


def test_whoever_broke_it_reads_how_to_stop_it_and_who_reviews_it():
    told = shown(broke(Broken(seen(a_release()), BROKE, a_review(), PASSED), PEN))
    assert "🚨 You broke the glass: D-40 brings *2.4.0*" in told
    assert "`/deploy cancel D-40`" in told
    assert "reviews it by [2026-11-26 10:00]" in told


def test_a_reviewer_reads_who_broke_what_past_what_and_why_and_has_a_button():
    said = review_wanted(a_review(), PEN)
    told = shown(said)
    assert "🚨 @Ines broke the glass [2026-11-23 10:00]: R-12 went to *production* of payments as *D-40*." in told
    assert "Reason: Checkout is down, and this mends it" in told
    assert "•  The approval of @qa is missing." in told
    assert "[Review] [Show]" in told
    assert decode(buttons(said["blocks"])["Review"]["value"], OnDeployment) == OnDeployment(40, 0)
    assert "in the place of @Ben" in shown(review_wanted(a_review(duty=a_duty(broken_for=BEN.id)), PEN))


def test_the_message_looks_the_same_each_time_it_is_drawn():
    assert review_wanted(a_review(), PEN) == review_wanted(a_review(), PEN)
    assert "overdue" not in shown(review_wanted(a_review(duty=a_duty(due_at=NOW)), PEN))


def test_once_it_is_done_the_message_says_what_was_learned_and_has_no_button():
    told = shown(review_wanted(DONE, PEN))
    assert "✅ @Maya reviewed it [2026-11-23 10:00]: The alarm came late" in told
    assert "[Review]" not in told
    assert "due" not in told
    assert "@Maya in the place of @Omar reviewed it" in shown(review_wanted(replace(DONE, closed_for=OMAR.id), PEN))


def test_app_home_says_what_is_overdue():
    late = a_review(duty=a_duty(due_at=NOW))
    assert "⏰ *overdue* since [2026-11-23 10:00]" in read(list(review_request(late, PEN, LATER)))
    assert "overdue" not in read(list(review_request(a_review(), PEN, NOW)))


def test_the_form_carries_what_was_on_the_screen():
    view = review_form(a_review(revision=2))
    taken_by_slack(view)
    assert "What was learned? *" in read(view["blocks"])
    assert decode(view["private_metadata"], OnDeployment) == OnDeployment(40, 2)
    assert "Reviewed: D-40" in shown(reviewed(DONE))


def test_a_line_for_status_and_digest():
    line = text(owed(a_review(), PEN, NOW))
    assert line.startswith(
        "🚨 *D-40* broke the glass of production in payments · @Ines · its review is due [2026-11-26"
    )
    assert line.endswith("`/deploy review D-40 <findings>`")
    assert "is ⏰ *overdue* since" in text(owed(a_review(), PEN, NOW + timedelta(days=3)))
    service = the_catalogue().services[PAYMENTS]
    assert "its review is due" in shown(status([service], {}, (), PEN, locks=(), reviews=[a_review()], now=NOW))


def test_card_progress_and_status_show_what_broke_the_glass():
    service = the_catalogue().services[PAYMENTS]
    assert "🚨 *It broke the glass*" in shown(deployment_progress(BROKE))
    card = shown(release_card(seen(a_release(), (BROKE,)), PEN))
    assert card.count("🚨 broke the glass") == 2  # where it stands, and among the deployments
    assert "🚨 broke the glass" in shown(status([service], {PAYMENTS: [BROKE]}, (), PEN, locks=(), now=NOW))
    quiet = replace(BROKE, order=an_order())
    assert "broke the glass" not in shown(release_card(seen(a_release(), (quiet,)), PEN))
    on_its_way = replace(BROKE, attempt=Attempt.RUNNING, ended_at=None)
    assert "D-40 is on its way  ·  🚨 broke the glass" in shown(release_card(seen(a_release(), (on_its_way,)), PEN))
