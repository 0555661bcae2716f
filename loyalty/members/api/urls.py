"""Addresses of the operations on members."""

from django.urls import path

from loyalty.members.api import views

urlpatterns = [
    path("members", views.Members.as_view(), name="api-members"),
    path("members/<str:number>", views.Member.as_view(), name="api-member"),
]
