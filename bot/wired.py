"""Wired: the verbs with what they need, and the handlers with the verbs they call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import handlers
from bot import manifest as made
from bot.ports import Agreed, Clock, Directory, Records, TokenSigner
from bot.rules.people import PersonId
from bot.setting_words import command_names
from bot.verbs.answer_protection_rule import HearProtectionRule
from bot.verbs.answer_train import AnswerTrain
from bot.verbs.approve import Approve
from bot.verbs.ask_deploy import AskDeploy
from bot.verbs.ask_them import AskThem
from bot.verbs.ask_train import AskTrain
from bot.verbs.audit import Evidence
from bot.verbs.away import ComeBack, GoAway
from bot.verbs.break_glass import BreakGlass
from bot.verbs.cancel_deploy import CancelDeploy
from bot.verbs.cancel_release import CancelRelease
from bot.verbs.candidates import Candidates
from bot.verbs.comment import Comment
from bot.verbs.confirm_deploy import ConfirmDeploy
from bot.verbs.confirm_train import ConfirmTrain
from bot.verbs.decide_exception import DecideException
from bot.verbs.edit_release import EditRelease
from bot.verbs.except_freeze import ExceptFreeze
from bot.verbs.freeze import EndFreeze, ExtendFreeze, StartFreeze
from bot.verbs.hear_pull_request import HearPullRequest
from bot.verbs.hear_push import HearPush
from bot.verbs.hear_target import HearTarget
from bot.verbs.keep import Keep
from bot.verbs.launch import Launch
from bot.verbs.lift_veto import LiftVeto
from bot.verbs.lock import LockPlace
from bot.verbs.look import Look
from bot.verbs.look_sooner import LookSooner
from bot.verbs.make_token import MakeToken
from bot.verbs.name_culprits import NameCulprits
from bot.verbs.pass_over import PassOver
from bot.verbs.plan_release import PlanRelease
from bot.verbs.post_digest import PostDigest
from bot.verbs.redraw import Redraw
from bot.verbs.reject import Reject
from bot.verbs.report_check import ReportCheck
from bot.verbs.report_run import ReportRun
from bot.verbs.review import ReviewDeploy
from bot.verbs.revoke_token import RevokeToken
from bot.verbs.roll_back import RollBack
from bot.verbs.services_at import ServicesAt
from bot.verbs.set_candidate import SetCandidate
from bot.verbs.settle import SettleDeploy
from bot.verbs.summaries import Summaries
from bot.verbs.tick_item import TickItem
from bot.verbs.unlock import Unlock
from bot.verbs.withdraw import Withdraw
from handlers.audit import HandOver
from handlers.boundary import Boundary
from handlers.names import CommandNames
from integrations.github.places import at_github
from integrations.slack import scopes
from integrations.slack.directory import SlackDirectory

if TYPE_CHECKING:
    from bot.wiring import Neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """Everything that can be done."""

    look: Look
    summaries: Summaries
    redraw: Redraw
    ask_them: AskThem
    comment: Comment
    go_away: GoAway
    come_back: ComeBack
    plan_release: PlanRelease
    edit_release: EditRelease
    cancel_release: CancelRelease
    set_candidate: SetCandidate
    tick_item: TickItem
    report_check: ReportCheck
    report_run: ReportRun
    hear_push: HearPush
    hear_pull_request: HearPullRequest
    hear_target: HearTarget
    hear_protection_rule: HearProtectionRule
    look_sooner: LookSooner
    approve: Approve
    reject: Reject
    withdraw: Withdraw
    launch: Launch
    ask_deploy: AskDeploy
    confirm_deploy: ConfirmDeploy
    cancel_deploy: CancelDeploy
    pass_over: PassOver
    settle: SettleDeploy
    keep: Keep
    break_glass: BreakGlass
    review_deploy: ReviewDeploy
    ask_train: AskTrain
    confirm_train: ConfirmTrain
    answer_train: AnswerTrain
    roll_back: RollBack
    name_culprits: NameCulprits
    lift_veto: LiftVeto
    start_freeze: StartFreeze
    end_freeze: EndFreeze
    extend_freeze: ExtendFreeze
    except_freeze: ExceptFreeze
    decide_exception: DecideException
    lock: LockPlace
    unlock: Unlock
    post_digest: PostDigest
    evidence: Evidence
    make_token: MakeToken
    revoke_token: RevokeToken


def wire(
    records: Records,
    directory: Directory,
    agreed: Agreed,
    neighbours: Neighbours,
    now: Clock,
    *,
    signer: TokenSigner | None = None,
    host: str = "github.com",
) -> Verbs:
    """Give each verb what it needs. `host` is the one with GitHub's pages."""
    common = (records, directory, agreed)
    candidates = Candidates(records, directory, neighbours.code_host)
    look = Look(*common, now)
    set_candidate = SetCandidate(*common, candidates, now)
    report_check = ReportCheck(records, agreed, now)
    services_at = ServicesAt(agreed, partial(at_github, host=host))
    return Verbs(
        look=look,
        summaries=Summaries(look, records, now),
        redraw=Redraw(records),
        ask_them=AskThem(*common, now),
        comment=Comment(records, now),
        go_away=GoAway(*common, now),
        come_back=ComeBack(*common, now),
        plan_release=PlanRelease(*common, candidates, now, neighbours.calendars),
        edit_release=EditRelease(*common, now, neighbours.calendars),
        cancel_release=CancelRelease(*common, now),
        set_candidate=set_candidate,
        tick_item=TickItem(*common, now),
        report_check=report_check,
        report_run=ReportRun(records, agreed, services_at, report_check),
        hear_push=HearPush(records, services_at, neighbours.code_host, set_candidate),
        hear_pull_request=HearPullRequest(records, services_at, agreed),
        hear_target=HearTarget(records, neighbours.deployers, agreed),
        hear_protection_rule=HearProtectionRule(records),
        look_sooner=LookSooner(records),
        approve=Approve(*common, now),
        reject=Reject(*common, now),
        withdraw=Withdraw(*common, now),
        launch=Launch(*common, now),
        ask_deploy=AskDeploy(*common, neighbours.code_host, now),
        confirm_deploy=ConfirmDeploy(*common, now),
        cancel_deploy=CancelDeploy(records, directory, neighbours.deployers, agreed, now),
        pass_over=PassOver(*common, now),
        settle=SettleDeploy(*common, now),
        keep=Keep(*common, now),
        break_glass=BreakGlass(*common, now),
        review_deploy=ReviewDeploy(*common, now),
        ask_train=AskTrain(*common, neighbours.code_host, now),
        confirm_train=ConfirmTrain(*common, now),
        answer_train=AnswerTrain(*common, now),
        roll_back=RollBack(*common, neighbours.deployers, neighbours.code_host, now),
        name_culprits=NameCulprits(*common, neighbours.code_host, now),
        lift_veto=LiftVeto(*common, neighbours.code_host, now),
        start_freeze=StartFreeze(*common, now),
        end_freeze=EndFreeze(*common, now),
        extend_freeze=ExtendFreeze(*common, now),
        except_freeze=ExceptFreeze(*common, now),
        decide_exception=DecideException(*common, now),
        lock=LockPlace(*common, now),
        unlock=Unlock(*common, now),
        post_digest=PostDigest(records),
        evidence=Evidence(records, now),
        make_token=MakeToken(records, signer, now),
        revoke_token=RevokeToken(records, now),
    )


def listen(
    boundary: Boundary,
    verbs: Verbs,
    *,
    names: CommandNames,
    agreed: Agreed,
    now: Clock,
    records: Records,
    hand_over: HandOver,
    directory: SlackDirectory,
) -> None:
    """Listen to people, and to what Slack tells of its groups and accounts."""

    async def group_changed(event: Mapping[str, Any]) -> None:
        group = event.get("subteam_id") or _id_of(event.get("subteam"))
        if group:
            directory.forget_group(str(group))

    async def person_changed(event: Mapping[str, Any]) -> None:
        person = _id_of(event.get("user"))
        if person:
            directory.forget_person(PersonId(str(person)))

    boundary.fact("subteam_members_changed", group_changed)
    boundary.fact("subteam_updated", group_changed)
    boundary.fact("user_change", person_changed)
    handlers.register(
        boundary,
        names=names,
        agreed=agreed,
        now=now,
        records=records,
        look=verbs.look,
        summaries=verbs.summaries,
        redraw=verbs.redraw,
        ask_them=verbs.ask_them,
        comment=verbs.comment,
        go_away=verbs.go_away,
        come_back=verbs.come_back,
        plan_release=verbs.plan_release,
        edit_release=verbs.edit_release,
        cancel_release=verbs.cancel_release,
        set_candidate=verbs.set_candidate,
        tick_item=verbs.tick_item,
        approve=verbs.approve,
        reject=verbs.reject,
        withdraw=verbs.withdraw,
        launch=verbs.launch,
        ask_deploy=verbs.ask_deploy,
        confirm_deploy=verbs.confirm_deploy,
        cancel_deploy=verbs.cancel_deploy,
        pass_over=verbs.pass_over,
        settle=verbs.settle,
        keep=verbs.keep,
        break_glass=verbs.break_glass,
        review_deploy=verbs.review_deploy,
        ask_train=verbs.ask_train,
        confirm_train=verbs.confirm_train,
        answer_train=verbs.answer_train,
        roll_back=verbs.roll_back,
        name_culprits=verbs.name_culprits,
        lift_veto=verbs.lift_veto,
        start_freeze=verbs.start_freeze,
        end_freeze=verbs.end_freeze,
        extend_freeze=verbs.extend_freeze,
        except_freeze=verbs.except_freeze,
        decide_exception=verbs.decide_exception,
        lock=verbs.lock,
        unlock=verbs.unlock,
        post_digest=verbs.post_digest,
        evidence=verbs.evidence,
        hand_over=hand_over,
        make_token=verbs.make_token,
        revoke_token=verbs.revoke_token,
    )


def _id_of(told: object) -> object:
    """The id in a part of an event, if that part is there."""
    return told.get("id") if isinstance(told, Mapping) else None


def manifest(commands: Mapping[str, str] | None = None, url: str | None = None) -> dict[str, Any]:
    """The Slack app's manifest for all that is listened to and called."""
    return made.manifest(commands or command_names(""), url, scopes=scopes.needed(), events=scopes.EVENTS)
