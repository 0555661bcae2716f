"""Addresses of the operations on purchases, other activities, balances and statements."""

from django.urls import path

from loyalty.programs.api import views

urlpatterns = [
    path("members/<str:number>/balances", views.Balances.as_view(), name="api-balances"),
    path("purchases", views.Purchases.as_view(), name="api-purchases"),
    path("activities", views.Activities.as_view(), name="api-activities"),
]
