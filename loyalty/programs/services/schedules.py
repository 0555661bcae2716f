"""When the jobs run: entries of the scheduler, made once and from then on the operator's to change."""

from dataclasses import dataclass

from django.db import connection, transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Entry:
    """One job: either every so many `seconds`, or daily at `hour`:`minute` UTC."""

    name: str
    task: str
    description: str
    seconds: int = 0
    hour: int = 0
    minute: int = 0


ENTRIES = (
    Entry(
        "Deliver waiting events", "loyalty.outbox.tasks.relay_outbox",
        "What became due again, or whose bell was lost. Events are usually delivered right after they happen.", 15,
    ),
    Entry("Activate pending points", "loyalty.programs.tasks.activate_points", "Points whose day has come.", 300),
    Entry("Expire due points", "loyalty.programs.tasks.expire_points",
          "Closes points past their date. Nobody can spend them from that instant on, whether or not this has run.",
          600),
    Entry("Cancel unconfirmed points", "loyalty.programs.tasks.cancel_unconfirmed",
          "Pending points that nobody confirmed in time.", 900),
    Entry("Release points set aside", "loyalty.programs.tasks.release_holds",
          "Gives back what was set aside for an order or a bid that never ended.", 60),
    Entry("Give points that were reviewed", "loyalty.programs.tasks.give_released",
          "Points of purchases that the staff released, once their wallet’s own waiting time is over.", 300),
    Entry("Give back transfers that nobody accepted", "loyalty.programs.tasks.lapse_transfers",
          "Points sent to a member who did not answer in time go back to the sender.", 300),
    Entry("Let points last longer", "loyalty.programs.tasks.work_on_extensions",
          "Gives points that members have the longer life that staff asked for.", 60),
    Entry("Close what was not paid in time", "loyalty.programs.tasks.lapse_reinstatements",
          "Expired points that wait for a payment stay expired when it does not come in time.", 600),
    Entry("Review tiers", "loyalty.programs.tasks.review_tiers",
          "Members whose tier was promised until now are judged again, and everyone where a ladder was changed.", 120),
    Entry("Share what members earned", "loyalty.programs.tasks.contribute_to_households",
          "The part of households in what their members earned.", 60),
    Entry("Warn of expiry", "loyalty.programs.tasks.warn_of_expiry",
          "Tells members before points expire, as many days ahead as each program chose, from 8 in the morning there.",
          1800),
    Entry("Warn before tiers end", "loyalty.programs.tasks.warn_of_tiers",
          "Tells members before a tier is lost what keeps it, as many days ahead as each ladder says, from 8 in the "
          "morning there.", 1800),
    Entry("Keep birthdays and anniversaries", "loyalty.programs.tasks.celebrate",
          "Records the days that members have today, where a rule pays for them; missed days are made up for a week.",
          3600),
    Entry("Follow invitations", "loyalty.programs.tasks.follow_referrals",
          "Rewards both sides of an invitation once the friend has bought for the first time.", 60),
    Entry("Read uploaded files", "loyalty.programs.tasks.work_on_uploads",
          "Takes up files of purchases whose check or import was cut off.", 60),
    Entry("Run backtests", "loyalty.programs.tasks.work_on_backtests",
          "Takes up backtests that wait, or whose worker died.", 60),
    Entry("Prove the ledger", "loyalty.programs.tasks.prove_ledger",
          "Checks every invariant of the ledger and logs what is broken.", hour=2, minute=30),
    Entry("Forget old API answers", "loyalty.members.tasks.forget_old_answers",
          "Answers kept for repeated requests, after 7 days.", hour=3, minute=10),
    Entry("Forget delivered events", "loyalty.outbox.tasks.forget_delivered_messages",
          "Delivered events, after 14 days.", hour=3, minute=20),
    Entry("Refresh figures", "insights.refresh_snapshots", "The figures of the staff's start page.", 300),
)  # fmt: skip


@transaction.atomic
def ensure_schedules() -> int:
    """Make the entries that are not there yet; returns how many. What an operator changed or switched off stays so.

    An entry is known by its task: renaming it, or giving it another time, makes no second one. Where the scheduler's
    tables are not there yet (only some apps were migrated), it does nothing.
    """
    if PeriodicTask._meta.db_table not in connection.introspection.table_names():
        return 0
    known = set(PeriodicTask.objects.values_list("task", flat=True))
    missing = [entry for entry in ENTRIES if entry.task not in known]
    for entry in missing:
        PeriodicTask.objects.create(
            name=entry.name, task=entry.task, description=entry.description, **_schedule_of(entry)
        )
    return len(missing)


def _schedule_of(entry: Entry) -> dict[str, IntervalSchedule | CrontabSchedule]:
    if entry.seconds:
        every, _made = IntervalSchedule.objects.get_or_create(every=entry.seconds, period=IntervalSchedule.SECONDS)
        return {"interval": every}
    daily, _made = CrontabSchedule.objects.get_or_create(
        minute=str(entry.minute), hour=str(entry.hour), day_of_week="*", day_of_month="*", month_of_year="*",
        timezone="UTC",
    )  # fmt: skip
    return {"crontab": daily}
