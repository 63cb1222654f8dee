"""Addresses of the guide, within those of the admin: only who may sign in there gets this far."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from restaurant_site.guide import place, views

_staff = admin.site.admin_view

urlpatterns = [
    path("", _staff(place.new), name="set_up"),
    path("<int:pk>/", _staff(views.overview), name="set_up_overview"),
    path("<int:pk>/preview/", _staff(views.preview), name="preview"),
    path("<int:pk>/<slug:name>/", _staff(views.step), name="set_up_step"),
]
