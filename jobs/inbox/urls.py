"""Addresses of the pages that a person uses. A verb has an address of its own, for POST alone."""

import datetime

from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from jobs.inbox import (
    account_views,
    client_views,
    cost_views,
    install_views,
    job_views,
    night_views,
    passkey_views,
    receipt_views,
    session_views,
    setup_views,
    trigger_views,
    views,
)


class DateConverter:
    """A date in an address, such as 2026-11-27; one that no calendar has is no address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> datetime.date:
        """The date; a ValueError is a page that is not there."""
        return datetime.date.fromisoformat(value)

    def to_url(self, value: datetime.date) -> str:
        """As it stands in the address."""
        return value.isoformat()


register_converter(DateConverter, "date")

app_name = "inbox"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox:inbox"), name="home"),
    path("manifest.webmanifest", install_views.manifest, name="manifest"),
    path("login/", session_views.log_in, name="login"),
    path("logout/", session_views.log_out, name="logout"),
    path("account/", account_views.account, name="account"),
    path("account/zone/", account_views.zone, name="zone"),
    path("account/password/", account_views.password, name="password"),
    path("account/proof/", account_views.prove, name="prove"),
    path("account/passkeys/new/begin/", passkey_views.BeginMaking.as_view(), name="passkey_make_begin"),
    path("account/passkeys/new/", passkey_views.EndMaking.as_view(), name="passkey_make"),
    path("account/passkeys/use/begin/", passkey_views.BeginUsing.as_view(), name="passkey_use_begin"),
    path("account/passkeys/use/", passkey_views.EndUsing.as_view(), name="passkey_use"),
    path("account/passkeys/<int:passkey_id>/name/", passkey_views.rename, name="passkey_rename"),
    path("account/passkeys/<int:passkey_id>/removal/", passkey_views.remove, name="passkey_remove"),
    path("language/", session_views.language, name="language"),
    path("enter/<str:token>/", session_views.enter, name="enter"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/pulse/", views.pulse, name="pulse"),
    path("inbox/together/", views.together, name="together"),
    path("inbox/<int:pk>/", views.item, name="item"),
    path("inbox/<int:pk>/approval/", views.approve, name="approve"),
    path("inbox/<int:pk>/edit/", views.edit, name="edit"),
    path("inbox/<int:pk>/revision/", views.revise, name="revise"),
    path("inbox/<int:pk>/decline/", views.decline, name="decline"),
    path("inbox/<int:pk>/answer/", views.answer, name="answer"),
    path("inbox/<int:pk>/retry/", views.retry, name="retry"),
    path("inbox/<int:pk>/resolution/", views.resolve, name="resolve"),
    path("inbox/<int:pk>/acknowledgement/", views.acknowledge, name="acknowledge"),
    path("inbox/<int:pk>/run/", views.run_now, name="run_now"),
    path("inbox/<int:pk>/snooze/", views.snooze, name="snooze"),
    path("inbox/<int:pk>/undo/", views.undo, name="undo"),
    path("inbox/<int:pk>/view/", views.view, name="view"),
    path("jobs/", job_views.queue, name="queue"),
    path("jobs/new/", job_views.new, name="job_new"),
    path("jobs/many/", job_views.many, name="many"),
    path("jobs/<uuid:uid>/", job_views.job, name="job"),
    path("jobs/<uuid:uid>/retry/", job_views.retry, name="job_retry"),
    path("jobs/<uuid:uid>/cancel/", job_views.cancel, name="job_cancel"),
    path("jobs/<uuid:uid>/due/", job_views.due, name="job_due"),
    path("jobs/<uuid:uid>/again/", job_views.again, name="job_again"),
    path("jobs/<uuid:uid>/runs/<int:run_id>/", job_views.run, name="run"),
    path("jobs/<uuid:uid>/versions/<int:artifact_id>/", job_views.versions, name="versions"),
    path("nights/", night_views.nights, name="nights"),
    path("nights/<date:date>/", night_views.night, name="night"),
    path("clients/", client_views.clients, name="clients"),
    path("clients/new/", client_views.new, name="client_new"),
    path("clients/<slug:client_slug>/", client_views.client, name="client"),
    path("clients/<slug:client_slug>/edit/", client_views.edit, name="client_edit"),
    path("clients/<slug:client_slug>/addresses/", client_views.address_anew, name="client_anew"),
    path("clients/<slug:client_slug>/answers/<int:answer_id>/forget/", client_views.forget, name="client_forget"),
    path("costs/", cost_views.costs, name="costs"),
    path("costs/budget/<str:scope>/", cost_views.budget, name="budget"),
    path("triggers/", trigger_views.rules, name="triggers"),
    path("triggers/new/", trigger_views.new, name="trigger_new"),
    path("triggers/<slug:slug>/", trigger_views.rule, name="trigger"),
    path("triggers/<slug:slug>/edit/", trigger_views.edit, name="trigger_edit"),
    path("triggers/<slug:slug>/enabled/", trigger_views.switch, name="trigger_switch"),
    path("triggers/<slug:slug>/waiting/", trigger_views.end_waiting, name="trigger_waiting"),
    path("triggers/<slug:slug>/secrets/", trigger_views.secrets, name="trigger_secrets"),
    path("triggers/<slug:slug>/trial/", trigger_views.attempt, name="trigger_try"),
    path("triggers/<slug:slug>/test/", trigger_views.test_event, name="trigger_test"),
    path("setup/", setup_views.setup, name="setup"),
    path("setup/<str:name>/test/", setup_views.test, name="setup_test"),
    path("setup/<str:name>/mend/", setup_views.mend, name="setup_mend"),
    path("receipts/", receipt_views.receipts, name="receipts"),
    path("receipts/<int:receipt_id>/", receipt_views.receipt, name="receipt"),
    path("receipts/<int:receipt_id>/replay/", receipt_views.replay, name="receipt_replay"),
    re_path(r"^artifacts/(?P<sha256>[0-9a-f]{64})/$", job_views.artifact, name="artifact"),
]
