"""The site's addresses, with the menu page under a peer, and an empty view."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from peers import views
from restaurant_site.urls import urlpatterns as site

urlpatterns = [
    path("empty/", views.empty),
    *i18n_patterns(path("restaurants/<slug:slug>/menu/", views.menu, name="menu"), prefix_default_language=False),
    *site,
]
