"""Addresses of the site. The language is the first segment, except for the default one."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reservations.choices import Choices
from restaurant_site import accents, passwords, privacy, views
from restaurant_site.accounts import views as accounts
from restaurant_site.found import sitemap
from restaurant_site.found import views as found

handler400 = "restaurant_site.errors.bad_request"
handler403 = "restaurant_site.errors.permission_denied"
handler404 = "restaurant_site.errors.not_found"
handler500 = "restaurant_site.errors.server_error"

admin.site.site_header = _("Tafel for staff")
admin.site.site_title = pgettext_lazy("name of the site", "Tafel")
admin.site.index_title = _("Restaurants and reservations")
admin.site.autocomplete_view = Choices.as_view(admin_site=admin.site)  # type: ignore[method-assign,assignment]

urlpatterns: list[URLPattern | URLResolver] = [
    path("robots.txt", found.robots, name="robots"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("sitemap-<int:part>.xml", sitemap.sitemap_part, name="sitemap_part"),
    re_path(r"^pictures/(?P<slug>[a-z0-9-]+)-(?P<digest>[0-9a-f]{12})\.png\Z", found.picture, name="picture"),
    path("accents/<str:sheet>.css", accents.accent, name="accent"),
    path("photos/", include("restaurant_site.photos.views")),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("manifest.webmanifest", found.manifest, name="manifest"),
        path("restaurants/<slug:slug>/", views.restaurant, name="restaurant"),
        path("restaurants/<slug:slug>/menu/", views.menu, name="menu"),
        path("restaurants/<slug:slug>/privacy/", privacy.of_restaurant, name="restaurant_privacy"),
        path("privacy/", privacy.of_site, name="privacy"),
        path("", include("reservations.urls")),
        *passwords.urls(),
        *accounts.urls(),
        path("admin/set-up/", include("restaurant_site.guide.urls")),
        path("admin/", admin.site.urls),
        prefix_default_language=False,
    ),
]
