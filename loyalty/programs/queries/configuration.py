"""A program's live rules and policies, compiled once per process and configuration.

Every change of a program, wallet, rule or condition gives the program a new `config_version` (a trigger does it,
whoever saves); what was compiled under another number is compiled anew. Where changes go live when they are published,
the published document is compiled, and the rows are the draft.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from loyalty.programs.errors.programs import UnknownProgram
from loyalty.programs.models import extensions as models
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.models.program import Program, Publishing
from loyalty.programs.models.velocity import VelocityRule
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.documents import Described, Rows, described, rows_from, stored_rows
from loyalty.programs.queries.ladders import ladders_from
from loyalty.programs.rules import benefits, capping, velocity
from loyalty.programs.rules import campaigns as terms
from loyalty.programs.rules.activation import ActivationPolicy
from loyalty.programs.rules.conditions import Condition, condition_from_text
from loyalty.programs.rules.days import read_dates
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import RuleBook
from loyalty.programs.rules.expiry import ExpiryPolicy
from loyalty.programs.rules.explanation import RuleId
from loyalty.programs.rules.extensions import Extension
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.once import OF_LAUREL, Once
from loyalty.programs.rules.standing import NO_NEEDS, Needs, needs_of
from loyalty.programs.rules.tiers import Ladder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WalletTerms:
    """A wallet and the policies by which its points live."""

    wallet: Wallet
    expiry: ExpiryPolicy
    activation: ActivationPolicy


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A stored rule that makes no sense and is left out, with the reason."""

    rule: EarningRule
    why: InvalidSetting


@dataclass(frozen=True, slots=True)
class Configuration:
    """A program as it stood under one `version`. Wallets by id; archived ones earn nothing and are not among them."""

    version: int
    program: Program
    rows: Rows
    wallets: dict[int, WalletTerms]
    rules: tuple[Rule, ...]
    book: RuleBook
    broken: tuple[BrokenRule, ...] = ()
    subjects: frozenset[str] = field(default=frozenset())
    described: Described = field(default_factory=lambda: Described({}, {}))
    published_id: int | None = None
    ladders: tuple[Ladder, ...] = ()
    needs: Needs = NO_NEEDS
    caps: tuple[capping.Cap, ...] = ()
    extensions: tuple[Extension, ...] = ()
    watched: tuple[velocity.VelocityRule, ...] = ()
    once: dict[str, Once] = field(default_factory=dict)

    @property
    def is_capped(self) -> bool:
        """Whether what is earned may be trimmed."""
        return bool(self.caps) or self.needs.balances

    @property
    def records_at_once(self) -> bool:
        """Whether one statement writes all that an activity brings: nothing is followed or prolonged."""
        slides = any(terms.wallet.expiry == Wallet.Expiry.SLIDING for terms in self.wallets.values())
        return not (self.ladders or self.needs.takes_turns or slides)

    @property
    def judges_in_turn(self) -> bool:
        """Whether what one activity earns can depend on others, beyond whether it is the first purchase."""
        return (
            self.is_capped
            or self.needs.has_standing
            or self.needs.follows
            or bool(self.extensions)
            or bool(self.watched)
        )


_compiled: dict[int, Configuration] = {}


def configuration_of(program: Program) -> Configuration:
    """The configuration in force now. Raises UnknownProgram."""
    return configuration_for(program.pk)


def configuration_for(program_id: int) -> Configuration:
    """The configuration in force now of the program with this id. Raises UnknownProgram."""
    version = Program.objects.filter(pk=program_id).values_list("config_version", flat=True).first()
    if version is None:
        raise UnknownProgram
    return configuration_under(program_id, version)


def configuration_under(program_id: int, version: int) -> Configuration:
    """The configuration with this number, or a newer one when it changed since the number was read."""
    found = _compiled.get(program_id)
    if found is None or found.version != version:
        found = _compiled[program_id] = _compile(program_id)
    return found


def known_configuration(program_id: int) -> Configuration | None:
    """What this process compiled last, whether or not it is still in force; None where it knows nothing yet."""
    return _compiled.get(program_id)


def _compile(program_id: int) -> Configuration:
    """Read until nothing changed while reading."""
    while True:
        configuration = _read(program_id)
        now = Program.objects.filter(pk=program_id).values_list("config_version", flat=True).first()
        if configuration.version == now:
            return configuration


def _read(program_id: int) -> Configuration:
    program = Program.objects.select_related("published").get(pk=program_id)
    published = published_of(program)
    return replace(compiled(rows_in_force(program)), published_id=published.pk if published else None)


def published_of(program: Program) -> ProgramVersion | None:
    """The version that judges whatever the rows say; None where a change is live as soon as it is saved."""
    return None if program.publishing == Publishing.AT_ONCE else program.published


def rows_in_force(program: Program) -> Rows:
    """The rows that judge: those that are stored, or what was published."""
    published = published_of(program)
    return rows_from(program, published.document, published.places) if published else stored_rows(program)


def compiled(rows: Rows) -> Configuration:
    """What these rows mean, stored or not."""
    program = rows.program
    wallets = {wallet.pk: _terms(program, wallet) for wallet in rows.wallets}
    rules: list[Rule] = []
    broken: list[BrokenRule] = []
    for row in rows.rules:
        if not row.is_active:
            continue
        try:
            rules.append(rule_of(row, list(row.conditions.all())))
        except InvalidSetting as error:
            logger.error("earning rule %s of %s is left out: %s", row.pk, program.code, error)
            broken.append(BrokenRule(row, error))
    extensions = tuple(_extensions(rows))
    asked = [condition for rule in rules for condition in rule.asked]
    asked += [condition for extension in extensions for condition in extension.audience]
    balances = any(wallet.balance_cap is not None for wallet in rows.wallets)
    ladders = ladders_from(rows.tier_sets)
    watched = tuple(_watched(rows))
    caps = tuple(_caps(rows, rules))
    household = any(cap.scope == "household" for cap in caps)
    return Configuration(
        program.config_version,
        program,
        rows,
        wallets,
        tuple(rules),
        RuleBook(rules, benefits.benefits_of(ladders, [pk for pk in wallets if wallets[pk].wallet.is_spendable])),
        tuple(broken),
        frozenset(condition.subject for condition in asked),
        described(rows),
        ladders=ladders,
        needs=needs_of(
            asked, tiers=benefits.matter(ladders), balances=balances, household=household, follows=bool(ladders),
            watches=bool(watched),
        ),
        caps=caps,
        extensions=extensions,
        watched=watched,
        once=_once(rows, rules),
    )  # fmt: skip


def _once(rows: Rows, rules: list[Rule]) -> dict[str, Once]:
    """Types of activity that pay once: what the program says of its own, and those of Laurel that rules pay for."""
    kinds = {row.code: row for row in rows.by_noun["activity_types"]}
    known = {str(rule.trigger) for rule in rules} & OF_LAUREL.keys() - kinds.keys()
    named = {code: once_of(row) for code, row in kinds.items() if row.pays != ActivityKind.Pays.EVERY}
    return {type: OF_LAUREL[type] for type in known} | named


def _caps(rows: Rows, rules: list[Rule]) -> Iterator[capping.Cap]:
    """The caps that are on and whose rule or campaign is in use."""
    for row in rows.caps:
        if not row.is_active:
            continue
        try:
            cap = cap_of(row, rules)
        except InvalidSetting as error:
            logger.error("cap %s of program %s is left out: %s", row.pk, row.program_id, error)
            continue
        if cap.rules is None or cap.rules:
            yield cap


def _watched(rows: Rows) -> Iterator[velocity.VelocityRule]:
    """The watch rules that are on."""
    for row in rows.velocity_rules:
        try:
            if row.is_active:
                yield watch_rule_of(row)
        except InvalidSetting as error:
            logger.error("watch rule %s of program %s is left out: %s", row.pk, row.program_id, error)


def once_of(row: ActivityKind) -> Once:
    """How a stored type pays once; raises InvalidSetting."""
    return Once(row.pk or 0, row.name, row.pays, row.pays_for)


def watch_rule_of(row: VelocityRule) -> velocity.VelocityRule:
    """A stored watch rule as the algebra takes it; raises InvalidSetting."""
    return velocity.VelocityRule(id=row.pk or 0, name=row.name, pattern=row.pattern, most=row.most, minutes=row.minutes)


def _extensions(rows: Rows) -> Iterator[Extension]:
    """Those that make sense, with whom they are for."""
    for row in rows.by_noun["extensions"]:
        try:
            yield extension_of(row, list(row.extension_audience.all()))
        except InvalidSetting as error:
            logger.error("extension %s of program %s is left out: %s", row.pk, row.program_id, error)


def extension_of(row: models.Extension, conditions: Iterable[models.ExtensionCondition]) -> Extension:
    """A stored extension as the rules take it; raises InvalidSetting."""
    audience = tuple(condition_of(condition) for condition in conditions)
    return Extension(row.pk or 0, row.name, row.wallet_id, row.months, row.until, audience)


def cap_of(row: Cap, rules: Iterable[Rule]) -> capping.Cap:
    """A stored cap as the algebra takes it, among these rules; raises InvalidSetting."""
    level: int = capping.WHOLE
    limited: frozenset[RuleId] | None = None
    if row.rule_id:
        level, limited = capping.RULES, frozenset(rule.id for rule in rules if rule.id == row.rule_id)
    elif row.campaign_id:
        of_campaign = (rule.id for rule in rules if rule.campaign is not None and rule.campaign.id == row.campaign_id)
        level, limited = capping.CAMPAIGNS, frozenset(of_campaign)
    return capping.Cap(
        id=row.pk or 0,
        name=row.name,
        level=level,
        rules=limited,
        activity_type=row.activity_type,
        wallet=row.wallet_id,
        scope=row.scope,
        period=row.period,
        minutes=row.minutes,
        measure=row.measure,
        most=row.limit,
        mode=row.mode,
    )


def rule_of(row: EarningRule, conditions: list[RuleCondition]) -> Rule:
    """A stored rule as the algebra takes it; raises InvalidSetting."""
    return Rule(
        id=row.pk or 0,
        name=row.name,
        wallet=row.wallet_id,
        trigger=row.trigger,
        conditions=tuple(condition_of(condition) for condition in conditions),
        basis=row.basis,
        with_tax=row.with_tax,
        with_shipping=row.with_shipping,
        with_discounted=row.with_discounted,
        effect=row.effect,
        points=row.points,
        per_amount=row.per_amount,
        whole_steps=row.whole_steps,
        factor=row.factor,
        stackable=row.is_stackable,
        priority=row.priority,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_active=row.is_active,
        is_shadow=row.is_shadow,
        rounding=row.rounding,
        campaign=campaign_of(row.campaign) if row.campaign is not None else None,
    )


def campaign_of(row: Campaign) -> terms.Campaign:
    """A stored campaign as the algebra takes it; raises InvalidSetting."""
    audience = tuple(condition_of(condition) for condition in row.audience.all())
    return terms.Campaign(row.pk or 0, row.name, row.starts_at, row.ends_at, row.is_active, audience, row.description)


def condition_of(row: RuleCondition | AudienceCondition | models.ExtensionCondition) -> Condition:
    """A stored condition as the algebra takes it; raises InvalidSetting."""
    return condition_from_text(row.subject, row.operator, row.value, row.name)


def expiry_of(wallet: Wallet) -> ExpiryPolicy:
    """The wallet's expiry policy as the pure rules take it; raises InvalidSetting."""
    return ExpiryPolicy(
        kind=wallet.expiry,
        months=wallet.expiry_months,
        rounding=wallet.expiry_rounding,
        dates=read_dates("expiry_dates", wallet.expiry_dates),
        min_age_months=wallet.expiry_min_months,
    )


def activation_of(wallet: Wallet) -> ActivationPolicy:
    """The wallet's activation policy as the pure rules take it; raises InvalidSetting."""
    return ActivationPolicy(
        kind=wallet.activation,
        count=wallet.activation_count,
        dates=read_dates("activation_dates", wallet.activation_dates),
        cancel_after_days=wallet.cancel_after_days,
    )


def _terms(program: Program, wallet: Wallet) -> WalletTerms:
    wallet.program = program
    return WalletTerms(wallet, expiry_of(wallet), activation_of(wallet))
