"""Addresses of booking."""

from django.urls import path

from reservations.views import booking, mine, times

urlpatterns = [
    path("restaurants/<slug:slug>/times/", times.show_times, name="times"),
    path("restaurants/<slug:slug>/hold/", booking.hold, name="hold"),
    path("restaurants/<slug:slug>/holds/<str:reference>/", booking.details, name="details"),
    path("restaurants/<slug:slug>/holds/<str:reference>/extend/", booking.extend, name="extend"),
    path("restaurants/<slug:slug>/holds/<str:reference>/release/", booking.release, name="release"),
    path("restaurants/<slug:slug>/reservations/<str:token>/", mine.show, name="reservation"),
    path("restaurants/<slug:slug>/reservations/<str:token>/cancel/", mine.cancel, name="cancel"),
    path("my-reservations/", mine.mine, name="mine"),
    path("my-reservations/next/", mine.next_visit, name="next_visit"),
]
