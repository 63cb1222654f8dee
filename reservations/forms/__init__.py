"""Forms of the diners' pages. Each says what is wrong and what to do, and keeps what was typed."""

from reservations.forms.coming import LATE_MINUTES, FewerForm, LateForm
from reservations.forms.consent import ConsentForm
from reservations.forms.details import DetailsForm, LinesField, ToldForm, clean_phone
from reservations.forms.finding import AddressForm, FindForm
from reservations.forms.search import ChangeForm, HoldForm, MonthForm, PartyForm, SearchForm, StartForm, TimesForm
from reservations.forms.waiting import Option, RequestForm, WaitForm

__all__ = [
    "LATE_MINUTES",
    "AddressForm",
    "ChangeForm",
    "ConsentForm",
    "DetailsForm",
    "FewerForm",
    "FindForm",
    "HoldForm",
    "LateForm",
    "LinesField",
    "MonthForm",
    "Option",
    "PartyForm",
    "RequestForm",
    "SearchForm",
    "StartForm",
    "TimesForm",
    "ToldForm",
    "WaitForm",
    "clean_phone",
]
