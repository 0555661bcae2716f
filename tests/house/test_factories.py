"""Every model has a factory, and every factory makes a row that the database takes."""

import pytest
from django.apps import apps

from tests import factories, factories_of_activities, factories_of_programs
from tests.factories import Row

ROOMS = (factories, factories_of_activities, factories_of_programs)

FACTORIES = [each for room in ROOMS for each in vars(room).values() if isinstance(each, type) and issubclass(each, Row)]
FACTORIES = sorted({each for each in FACTORIES if each is not Row}, key=lambda each: each.__name__)


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
def test_a_factory_makes_rows(factory):
    assert factory().pk != factory().pk


def test_every_model_has_a_factory():
    """The ledger's rows come through its door alone; history is written by what it tells of."""
    made = {factory._meta.model for factory in FACTORIES}
    models = {
        model
        for app in ("loyalty", "rewards", "gamification", "charity", "partners")
        for model in apps.get_app_config(app).get_models()
        if model._meta.managed and not model.__name__.startswith("Historical")
    }

    assert models - made == set()
