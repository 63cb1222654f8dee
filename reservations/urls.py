"""Addresses of booking."""

from django.urls import path

from reservations.views import (
    asked,
    booking,
    calendar,
    change,
    coming,
    consent,
    entry,
    finding,
    mine,
    requests,
    reservation,
    times,
    waiting,
)

urlpatterns = [
    path("restaurants/<slug:slug>/times/", times.show_times, name="times"),
    path("restaurants/<slug:slug>/calendar/", calendar.show_calendar, name="calendar"),
    path("restaurants/<slug:slug>/hold/", booking.hold, name="hold"),
    path("restaurants/<slug:slug>/holds/<str:reference>/", booking.details, name="details"),
    path("restaurants/<slug:slug>/holds/<str:reference>/left/", asked.hold_left, name="hold_left"),
    path("restaurants/<slug:slug>/holds/<str:reference>/extend/", booking.extend, name="extend"),
    path("restaurants/<slug:slug>/holds/<str:reference>/release/", booking.release, name="release"),
    path("restaurants/<slug:slug>/holds/<str:reference>/mail/", asked.write_again, name="write_again"),
    path("restaurants/<slug:slug>/confirm/<str:token>/", asked.press, name="press"),
    path("restaurants/<slug:slug>/reservations/<str:token>/", reservation.show, name="reservation"),
    path("restaurants/<slug:slug>/reservations/<str:token>/cancel/", reservation.cancel, name="cancel"),
    path("restaurants/<slug:slug>/reservations/<str:token>/change/", change.change, name="change"),
    path("restaurants/<slug:slug>/reservations/<str:token>/details/", change.tell, name="tell"),
    path(
        "restaurants/<slug:slug>/reservations/<str:token>/consent/", consent.withdraw_consent, name="withdraw_consent"
    ),
    path("restaurants/<slug:slug>/reservations/<str:token>/coming/", coming.say_coming, name="say_coming"),
    path("restaurants/<slug:slug>/reservations/<str:token>/late/", coming.say_late, name="say_late"),
    path("restaurants/<slug:slug>/reservations/<str:token>/fewer/", coming.reduce_party, name="reduce_party"),
    path("restaurants/<slug:slug>/waitlist/", waiting.join, name="waitlist"),
    path("restaurants/<slug:slug>/waitlist/<str:token>/", entry.show_entry, name="waitlist_entry"),
    path("restaurants/<slug:slug>/waitlist/<str:token>/accept/", entry.accept_offer, name="accept_offer"),
    path("restaurants/<slug:slug>/waitlist/<str:token>/leave/", entry.leave, name="leave_waitlist"),
    path("restaurants/<slug:slug>/waitlist/<str:token>/again/", entry.join_again, name="join_again"),
    path("restaurants/<slug:slug>/request/", requests.ask, name="ask"),
    path("restaurants/<slug:slug>/requests/<str:token>/", requests.show_request, name="request"),
    path("restaurants/<slug:slug>/requests/<str:token>/accept/", requests.accept_proposal, name="accept_proposal"),
    path("restaurants/<slug:slug>/requests/<str:token>/withdraw/", requests.withdraw, name="withdraw"),
    path("my-reservations/", mine.mine, name="mine"),
    path("my-reservations/find/", finding.find, name="find"),
    path("my-reservations/next/", mine.next_visit, name="next_visit"),
]
