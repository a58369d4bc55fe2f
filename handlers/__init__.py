"""Handlers: Slack in, words and blocks out. `register` is the table of contents: one line for each trigger."""

from __future__ import annotations

from bot.ports import Agreed, Clock, Records
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
from bot.verbs.comment import Comment
from bot.verbs.confirm_deploy import ConfirmDeploy
from bot.verbs.confirm_train import ConfirmTrain
from bot.verbs.decide_exception import DecideException
from bot.verbs.edit_release import EditRelease
from bot.verbs.except_freeze import ExceptFreeze
from bot.verbs.freeze import EndFreeze, ExtendFreeze, StartFreeze
from bot.verbs.keep import Keep
from bot.verbs.launch import Launch
from bot.verbs.lift_veto import LiftVeto
from bot.verbs.lock import LockPlace
from bot.verbs.look import Look
from bot.verbs.make_token import MakeToken
from bot.verbs.name_culprits import NameCulprits
from bot.verbs.pass_over import PassOver
from bot.verbs.plan_release import PlanRelease
from bot.verbs.post_digest import PostDigest
from bot.verbs.redraw import Redraw
from bot.verbs.reject import Reject
from bot.verbs.review import ReviewDeploy
from bot.verbs.revoke_token import RevokeToken
from bot.verbs.roll_back import RollBack
from bot.verbs.set_candidate import SetCandidate
from bot.verbs.settle import SettleDeploy
from bot.verbs.summaries import Summaries
from bot.verbs.tick_item import TickItem
from bot.verbs.unlock import Unlock
from bot.verbs.withdraw import Withdraw
from handlers import filled_in
from handlers.approve import Approving
from handlers.ask_deploy import Asking
from handlers.ask_them import Nudging
from handlers.audit import HandOver, Proving
from handlers.away import Absent
from handlers.boundary import Boundary
from handlers.break_glass import Breaking
from handlers.cancel_deploy import Stopping
from handlers.cancel_release import Cancelling
from handlers.checklist import Checking, shows_something
from handlers.comment import Commenting, says_something
from handlers.confirm_deploy import Confirming
from handlers.decide_exception import Deciding
from handlers.digest import Digesting
from handlers.edit_release import Editing
from handlers.except_freeze import Excepting
from handlers.freeze import Freezing
from handlers.home import Home
from handlers.keep import Keeping
from handlers.launch import Launching
from handlers.lift_veto import Lifting
from handlers.list_releases import Listing
from handlers.lock import Locking
from handlers.name_culprits import Blaming
from handlers.names import CommandNames, Event, Form, Press
from handlers.parsing import commands as c
from handlers.parsing.grammar import Family
from handlers.pass_over import Passing
from handlers.plan_release import Planning
from handlers.reject import Rejecting, has_a_reason
from handlers.review import Reviewing, says_what_was_learned
from handlers.roll_back import RollingBack
from handlers.set_candidate import Building
from handlers.settle import Settling
from handlers.show_release import Showing
from handlers.status import Overview
from handlers.talk import Talk
from handlers.token import Tokens
from handlers.train import Training
from handlers.typed import Route, Typed
from handlers.views.forms import loading
from handlers.views.text import Pen
from handlers.why import Explaining
from handlers.withdraw import Withdrawing

COMMANDS = tuple(str(each) for each in Family)
"""The four commands, by our own names."""
ACTIONS = tuple(str(each) for each in Press)
VIEWS = tuple(str(each) for each in Form)
EVENTS = tuple(str(each) for each in Event)


def register(  # noqa: PLR0915 - the table of contents: a line for each trigger
    boundary: Boundary,
    *,
    names: CommandNames,
    agreed: Agreed,
    now: Clock,
    records: Records,
    look: Look,
    summaries: Summaries,
    redraw: Redraw,
    ask_them: AskThem,
    comment: Comment,
    go_away: GoAway,
    come_back: ComeBack,
    plan_release: PlanRelease,
    edit_release: EditRelease,
    cancel_release: CancelRelease,
    set_candidate: SetCandidate,
    tick_item: TickItem,
    approve: Approve,
    reject: Reject,
    withdraw: Withdraw,
    launch: Launch,
    ask_deploy: AskDeploy,
    confirm_deploy: ConfirmDeploy,
    cancel_deploy: CancelDeploy,
    pass_over: PassOver,
    settle: SettleDeploy,
    keep: Keep,
    break_glass: BreakGlass,
    review_deploy: ReviewDeploy,
    ask_train: AskTrain,
    confirm_train: ConfirmTrain,
    answer_train: AnswerTrain,
    roll_back: RollBack,
    name_culprits: NameCulprits,
    lift_veto: LiftVeto,
    start_freeze: StartFreeze,
    end_freeze: EndFreeze,
    extend_freeze: ExtendFreeze,
    except_freeze: ExceptFreeze,
    decide_exception: DecideException,
    lock: LockPlace,
    unlock: Unlock,
    post_digest: PostDigest,
    evidence: Evidence,
    hand_over: HandOver,
    make_token: MakeToken,
    revoke_token: RevokeToken,
) -> None:
    """Listen to everything that people can type, press, send in and open."""
    talk = Talk(lambda: Pen(agreed().roles, names), look, redraw, summaries.inbox)
    planning, editing = Planning(talk, plan_release, agreed), Editing(talk, edit_release, agreed)
    showing, explaining, checking = Showing(talk, records), Explaining(talk), Checking(talk, tick_item)
    approving, rejecting, withdrawing = Approving(talk, approve), Rejecting(talk, reject), Withdrawing(talk, withdraw)
    launching, asking, rolling_back = Launching(talk, launch), Asking(talk, ask_deploy), RollingBack(talk, roll_back)
    nudging, commenting = Nudging(talk, ask_them), Commenting(talk, comment)
    absent = Absent(talk, go_away, come_back, now)
    freezing = Freezing(talk, records, start_freeze, end_freeze, extend_freeze, now)
    locking, keeping = Locking(talk, lock, unlock), Keeping(talk, keep)
    reviewing = Reviewing(talk, review_deploy)
    tokens = Tokens(talk, records, make_token, revoke_token, now)
    training = Training(talk, records, ask_train, confirm_train, answer_train)
    excepting, deciding = Excepting(talk, except_freeze), Deciding(talk, decide_exception)

    release: dict[type, Route] = {
        c.NewRelease: planning.typed,
        c.ListReleases: Listing(talk).typed,
        c.ShowRelease: showing.typed,
        c.WhyNot: explaining.typed,
        c.Build: Building(talk, set_candidate).typed,
        c.OpenChecklist: checking.typed,
        c.SayYes: approving.typed,
        c.SayNo: rejecting.typed,
        c.Remark: commenting.typed,
        c.LeaveFor: absent.left,
        c.BeBack: absent.returned,
        c.TakeBack: withdrawing.typed,
        c.LaunchIt: launching.typed,
        c.CancelIt: Cancelling(talk, cancel_release).typed,
        c.EditIt: editing.typed,
        c.TellDigest: Digesting(talk, summaries, post_digest, agreed).typed,
        c.ShowEvidence: Proving(talk, evidence, hand_over).typed,
    }
    deploy: dict[type, Route] = {
        c.PreviewDeploy: asking.typed,
        c.StartDeploy: Confirming(talk, confirm_deploy).typed,
        c.ShowStatus: Overview(talk, records, agreed, now).typed,
        c.StopDeploy: Stopping(talk, cancel_deploy).typed,
        c.LetPass: Passing(talk, pass_over).typed,
        c.SettleIt: Settling(talk, settle).typed,
        c.KeepIt: keeping.typed,
        c.LockIt: locking.locked,
        c.UnlockIt: locking.unlocked,
        c.GoPastTheGate: Breaking(talk, break_glass).typed,
        c.SayWhatWasLearned: reviewing.typed,
        c.AskToken: tokens.asked,
        c.ListTokens: tokens.listed,
        c.DropToken: tokens.dropped,
        c.PreviewTrain: training.asked,
        c.StartTrain: training.confirmed,
        c.ShowTrain: training.shown,
        c.SteerTrain: training.steered,
    }
    rollback: dict[type, Route] = {
        c.GoBack: rolling_back.typed,
        c.Blame: Blaming(talk, name_culprits).typed,
        c.LetBack: Lifting(talk, lift_veto).typed,
    }
    freeze: dict[type, Route] = {
        c.DeclareFreeze: freezing.declared,
        c.ListFreezes: freezing.listed,
        c.Thaw: freezing.ended,
        c.Prolong: freezing.extended,
        c.AskException: excepting.typed,
        c.GrantException: deciding.granted,
        c.RefuseException: deciding.refused,
    }
    for family, routes in zip(Family, (release, deploy, rollback, freeze), strict=True):
        command = Typed(family, routes, talk, agreed, now)
        boundary.command(names.here(family), command.said, looking=command.only_looks)

    boundary.action(Press.APPROVE, approving.pressed)
    boundary.action(Press.REJECT, rejecting.pressed, loading=loading("Reject"))
    boundary.action(Press.WITHDRAW, withdrawing.pressed)
    boundary.action(Press.CHECKLIST, checking.pressed, looking=True, loading=loading("Checklist"))
    boundary.action(Press.TICK, checking.ticked)
    boundary.action(Press.UNTICK, checking.ticked)
    boundary.action(Press.NOTE, checking.asked_for_note)
    boundary.action(Press.PAGE, checking.pressed, looking=True)
    boundary.action(Press.SHOW, showing.pressed, looking=True)
    boundary.action(Press.WHY, explaining.pressed, looking=True)
    boundary.action(Press.ASK, nudging.pressed)
    boundary.action(Press.COMMENT, commenting.pressed)
    boundary.action(Press.EXCEPT, excepting.pressed, loading=loading("Exception"))
    boundary.action(Press.GRANT, deciding.pressed_grant)
    boundary.action(Press.REFUSE, deciding.pressed_refuse, loading=loading("Refuse"))
    boundary.action(Press.REVIEW, reviewing.pressed, loading=loading("Review"))
    boundary.action(Press.DEPLOY, asking.pressed)
    boundary.action(Press.LAUNCH, launching.pressed)
    boundary.action(Press.NEW, planning.pressed)
    boundary.action(Press.WAY_BACK, rolling_back.pressed)
    boundary.action(Press.ROLL_BACK, rolling_back.confirmed)
    boundary.action(Press.KEEP, keeping.pressed)
    boundary.action(Press.TRAIN_GO_ON, training.pressed)
    boundary.action(Press.TRAIN_TRY_AGAIN, training.pressed)
    boundary.action(Press.TRAIN_STOP, training.pressed)
    boundary.action(Press.TRAIN_ROLL_BACK, training.pressed)

    boundary.view(Form.NEW, planning.sent, check=filled_in.check)
    boundary.view(Form.EDIT, editing.sent, check=filled_in.check)
    boundary.view(Form.REJECT, rejecting.sent, check=has_a_reason)
    boundary.view(Form.EXCEPT, excepting.sent, check=has_a_reason)
    boundary.view(Form.REFUSE, deciding.sent, check=has_a_reason)
    boundary.view(Form.REVIEW, reviewing.sent, check=says_what_was_learned)
    boundary.view(Form.COMMENT, commenting.sent, check=says_something)
    boundary.view(Form.NOTE, checking.noted, check=shows_something)

    boundary.event(Event.HOME_OPENED, Home(talk).opened, looking=True)
    boundary.leftovers()
