"""Who may open which page of the admin: the table that the walks go by. A page that is not in it fails them.

Each word is the least role: host, manager, owner; nobody (superusers alone, and
of those some none); staff (whoever is signed in); all.
"""

from __future__ import annotations

# Of each model: who sees its list, its rows and their history; who adds; who saves the form; who deletes.
MODELS = {
    "reservations_area": "host manager manager manager",
    "reservations_block": "host host nobody nobody",
    "reservations_bookingimport": "manager manager nobody nobody",
    "reservations_bookingrequest": "host nobody nobody nobody",
    "reservations_brake": "host nobody nobody nobody",
    "reservations_closure": "host manager manager manager",
    "reservations_combinationtable": "host nobody nobody nobody",
    "reservations_guest": "host nobody host nobody",
    "reservations_historyevent": "host nobody nobody nobody",
    "reservations_historyoutbox": "nobody nobody nobody nobody",
    "reservations_importrow": "manager nobody nobody nobody",
    "reservations_jobbeat": "nobody nobody nobody nobody",
    "reservations_membership": "owner owner nobody nobody",
    "reservations_message": "manager nobody nobody nobody",
    "reservations_openingperiod": "host manager manager manager",
    "reservations_refusal": "manager nobody nobody nobody",
    "reservations_reservation": "host host nobody nobody",
    "reservations_restaurant": "host nobody manager nobody",
    "reservations_restaurantcuisine": "host manager manager manager",
    "reservations_service": "host manager manager manager",
    "reservations_serviceday": "manager nobody nobody nobody",
    "reservations_specialday": "host manager manager manager",
    "reservations_table": "host manager manager manager",
    "reservations_tableclaim": "manager nobody nobody nobody",
    "reservations_tablecombination": "host manager manager manager",
    "reservations_turntime": "host manager manager manager",
    "reservations_user": "nobody nobody nobody nobody",
    "reservations_waitlistentry": "host host nobody nobody",
    "menus_menu": "host manager manager manager",
    "menus_section": "host manager manager manager",
    "menus_dish": "host manager manager manager",
    "auth_group": "nobody nobody nobody nobody",
    "caching_invalidation": "nobody nobody nobody nobody",
}

# Every other page about something of a restaurant. Its numbers are those of a row of the model that its name begins
# with; other numbers of an address are named in NUMBERS.
PAGES = {
    "auth_user_password_change": "nobody",
    "menus_export": "host",
    "menus_import": "manager",
    "menus_menu_copy": "manager",
    "menus_menu_order": "manager",
    "menus_menu_preview": "host",
    "menus_menu_prices": "manager",
    "menus_options": "host",
    "menus_order": "manager",
    "menus_section_order": "manager",
    "menus_sold_out": "host",
    "preview": "host",
    "reservations_block_lift": "host",
    "reservations_bookingimport_columns": "manager",
    "reservations_bookingimport_row": "manager",
    "reservations_bookingimport_run": "manager",
    "reservations_bookingimport_start": "manager",
    "reservations_bookingimport_unplaced": "manager",
    "reservations_bookingrequest_accept": "manager",
    "reservations_bookingrequest_decline": "manager",
    "reservations_bookingrequest_propose": "manager",
    "reservations_closure_close": "manager",
    "reservations_guest_erase": "manager",
    "reservations_guest_export": "manager",
    "reservations_guest_merge": "manager",
    "reservations_historyevent_reservation": "host",
    "reservations_historyevent_restaurant": "host",
    "reservations_membership_invite": "owner",
    "reservations_membership_remove": "owner",
    "reservations_membership_role": "owner",
    "reservations_reservation_alter": "host",
    "reservations_reservation_arrive": "host",
    "reservations_reservation_cancel": "host",
    "reservations_reservation_cancel_now": "host",
    "reservations_reservation_coming": "host",
    "reservations_reservation_fewer": "host",
    "reservations_reservation_finish": "host",
    "reservations_reservation_late": "host",
    "reservations_reservation_move": "host",
    "reservations_reservation_no_show": "host",
    "reservations_reservation_note": "host",
    "reservations_reservation_seat": "host",
    "reservations_reservation_stay": "host",
    "reservations_reservation_undo": "host",
    "reservations_restaurant_brake": "host",
    "reservations_restaurant_day": "host",
    "reservations_restaurant_door": "host",
    "reservations_restaurant_door_leave": "host",
    "reservations_restaurant_door_seat": "host",
    "reservations_restaurant_drop": "host",
    "reservations_restaurant_explain": "host",
    "reservations_restaurant_floor": "host",
    "reservations_restaurant_night": "host",
    "reservations_restaurant_phone_guests": "host",
    "reservations_restaurant_phone_picked": "host",
    "reservations_restaurant_phone_times": "host",
    "reservations_restaurant_plan": "host",
    "reservations_restaurant_plan_edit": "manager",
    # Whoever is signed in needs a sealed address besides, which a page gives.
    "reservations_restaurant_pulse": "nobody",
    "reservations_restaurant_reports": "manager",
    "reservations_restaurant_sheet": "host",
    "reservations_restaurant_sheet_csv": "host",
    "reservations_restaurant_table": "host",
    "reservations_restaurant_timeline": "host",
    "reservations_restaurant_walk_in": "host",
    "reservations_waitlistentry_accept": "host",
    "reservations_waitlistentry_leave": "host",
    "reservations_waitlistentry_promote": "host",
    "set_up_overview": "manager",
    "set_up_step": "manager",
}

# Pages that answer a POST alone.
POSTED = {
    "reservations_restaurant_drop",
    "reservations_restaurant_phone_guests",
    "reservations_restaurant_phone_picked",
    "reservations_restaurant_phone_times",
}

NUMBERS = {
    ("menus_export", "pk"): "reservations.restaurant",
    ("menus_import", "pk"): "reservations.restaurant",
    ("menus_order", "pk"): "reservations.restaurant",
    ("menus_sold_out", "pk"): "reservations.restaurant",
    ("preview", "pk"): "reservations.restaurant",
    ("set_up_overview", "pk"): "reservations.restaurant",
    ("set_up_step", "pk"): "reservations.restaurant",
    ("reservations_bookingimport_row", "row"): "reservations.importrow",
    ("reservations_restaurant_table", "table_pk"): "reservations.table",
    ("reservations_historyevent_reservation", "pk"): "reservations.reservation",
    ("reservations_historyevent_restaurant", "pk"): "reservations.restaurant",
    ("reservations_restaurant_door_leave", "entry_pk"): "reservations.waitlistentry",
    ("reservations_restaurant_door_seat", "entry_pk"): "reservations.waitlistentry",
    ("auth_user_password_change", "id"): "reservations.user",
}

# Pages about nobody's restaurant, or about whatever the user may see.
OTHERS = {
    "index": "staff",
    "set_up": "staff",
    "app_list": "staff",
    "jsi18n": "staff",
    "view_on_site": "staff",
    "autocomplete": "staff",
    "password_change": "staff",
    "password_change_done": "staff",
    "login": "all",
    "logout": "all",
    "admin_password_reset": "all",
    "password_reset_done": "all",
    "password_reset_confirm": "all",
    "password_reset_complete": "all",
}

WORDS = {"date": "2027-03-14", "name": "tables"}
"""What stands in an address where it is no number."""

UNNAMED = "<path:object_id>/", "(?P<url>.*)$"
"""Endings of addresses without a name: one that redirects to a row's page, and whatever is no page."""
