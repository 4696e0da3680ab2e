"""Triggers: the owner's rules. A rule that could not work is refused here, with what to write instead."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs import queries, rights, schedules
from jobs.admin.words import Titled, columns
from jobs.lifecycle import rule as rules
from jobs.lifecycle.intake import secrets_of
from jobs.models import Trigger
from jobs.rule_form import RuleForm

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Trigger]
else:
    _Admin = admin.ModelAdmin


@admin.register(Trigger)
class TriggerAdmin(Titled):
    """Editable, with the address and the proof that a sender needs."""

    form = RuleForm
    list_display = columns("name", "source", "enabled", "rule", "client", "priority")
    list_filter = ("source", "enabled")
    list_select_related = ("client",)
    search_fields = ("name", "slug")
    show_full_result_count = False
    readonly_fields = ("rule", "next_slots", "past_slots", "posted_to", "proof", "created_at")

    def get_fields(self, request: HttpRequest, obj: Trigger | None = None) -> Any:
        """The proof is shown to whoever may see secrets."""
        may_see = request.user.has_perm(rights.SEE_SECRETS)
        return [name for name in super().get_fields(request, obj) if may_see or name != "proof"]

    @admin.display(description=_("waits for"))
    def rule(self, trigger: Trigger) -> str:
        """The conditions as a sentence."""
        return rules.sentence_of(trigger)

    @admin.display(description=_("next slots"))
    def next_slots(self, trigger: Trigger) -> SafeString | str:
        """When a schedule comes next, on its own wall clock."""
        slots = queries.next_slots(trigger) if trigger.pk else []
        if not slots:
            is_paused = trigger.source == schedules.SOURCE and not trigger.enabled
            return str(_("None while it is paused.") if is_paused else _("None."))
        rows = ((f"{slot:%a %d %b %Y, %H:%M} {slot.tzinfo}",) for slot in slots)
        return format_html("<table>{}</table>", format_html_join("", "<tr><td>{}</td></tr>", rows))

    @admin.display(description=_("last slots"))
    def past_slots(self, trigger: Trigger) -> SafeString | str:
        """What became of a schedule's last slots."""
        slots = queries.past_slots(trigger) if trigger.pk else []
        if not slots:
            return str(_("None yet."))
        rows = ((row.label, row.became) for row in slots)
        return format_html("<table>{}</table>", format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", rows))

    @admin.display(description=_("posted to"))
    def posted_to(self, trigger: Trigger) -> str:
        """Where a sender posts to."""
        return rules.address_of(trigger) or str(_("None: it is not posted to."))

    @admin.display(description=_("proof"))
    def proof(self, trigger: Trigger) -> SafeString | str:
        """What a sender of an addressed source proves itself with."""
        if not rules.has_secrets(trigger):
            return str(_("None of its own."))
        key, token = secrets_of(trigger)[:2]
        return format_html(
            "{} <code>{}</code><br>{} <code>{}</code><br>{}",
            _("Standard Webhooks key"),
            key,
            _("or bearer token"),
            token,
            _("A higher version of its secrets makes new ones."),
        )
