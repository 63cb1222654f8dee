"""Addresses that write at once, in the several ways that code writes; the response comes after the write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from menus.models import Dish
from restaurant_site.caching import outbox
from restaurant_site.urls import handler400, handler403, handler404, handler500
from restaurant_site.urls import urlpatterns as site_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@csrf_exempt
def price(request: HttpRequest, dish: int, cents: int) -> HttpResponse:
    """Give a dish a price, and let it be there or not: an even price is sold out."""
    values: dict[str, Any] = {"price": Decimal(cents) / 100, "is_available": cents % 2 == 1}
    if cents % 3 == 0:
        row = Dish.objects.get(pk=dish)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    elif cents % 3 == 1:
        Dish.objects.filter(pk=dish).update(**values)
    else:
        restaurant = Dish.objects.values_list("restaurant_id", flat=True).get(pk=dish)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE menus_dish SET price = %s, is_available = %s WHERE id = %s", [*values.values(), dish]
            )
            outbox.changed(f"menu:{restaurant}")
    return HttpResponse("written", content_type="text/plain")


urlpatterns = [path("write/price/<int:dish>/<int:cents>/", price), *site_urls]
