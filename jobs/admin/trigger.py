"""Triggers: the owner's rules. A rule that could not work is refused here, with what to write instead."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.lifecycle import rule as rules
from jobs.lifecycle.intake import secrets_of
from jobs.models import Trigger
from jobs.rule_form import RuleForm

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Trigger]
else:
    _Admin = admin.ModelAdmin


@admin.register(Trigger)
class TriggerAdmin(_Admin):
    """Editable, with the address and the proof that a sender needs."""

    form = RuleForm
    list_display = ("name", "source", "enabled", "rule", "client", "priority")
    list_filter = ("source", "enabled")
    list_select_related = ("client",)
    search_fields = ("name", "slug")
    show_full_result_count = False
    readonly_fields = ("rule", "posted_to", "proof", "created_at")

    @admin.display(description="waits for")
    def rule(self, trigger: Trigger) -> str:
        """The conditions as a sentence."""
        return rules.sentence_of(trigger)

    @admin.display(description="posted to")
    def posted_to(self, trigger: Trigger) -> str:
        """Where a sender posts to."""
        return rules.address_of(trigger) or "None: it is not posted to."

    @admin.display(description="proof")
    def proof(self, trigger: Trigger) -> SafeString | str:
        """What a sender of an addressed source proves itself with."""
        if not rules.has_secrets(trigger):
            return "None of its own."
        key, token = secrets_of(trigger)[:2]
        return format_html(
            "Standard Webhooks key <code>{}</code><br>or bearer token <code>{}</code><br>"
            "A higher secret version makes new ones.",
            key,
            token,
        )
