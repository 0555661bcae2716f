"""Addresses of the operations on purchases, other activities, balances and statements."""

from django.urls import path

from loyalty.programs.api import conversions, moving, reinstatement, views
from loyalty.programs.api.returns import Returns
from loyalty.programs.api.tiers import Tiers

urlpatterns = [
    path("members/<str:number>/balances", views.Balances.as_view(), name="api-balances"),
    path("members/<str:number>/statement", views.Statement.as_view(), name="api-statement"),
    path("members/<str:number>/tiers", Tiers.as_view(), name="api-tiers"),
    path("purchases/batch", views.PurchaseBatch.as_view(), name="api-purchase-batch"),
    path("purchases", views.Purchases.as_view(), name="api-purchases"),
    path("purchases/<str:source>/<path:receipt>/confirm", views.PurchaseConfirm.as_view(), name="api-purchase-confirm"),
    path("purchases/<str:source>/<path:receipt>/cancel", views.PurchaseCancel.as_view(), name="api-purchase-cancel"),
    path("purchases/<str:source>/<path:receipt>/returns", Returns.as_view(), name="api-purchase-returns"),
    path("activities", views.Activities.as_view(), name="api-activities"),
    path("activities/<str:source>/<path:id>/confirm", views.ActivityConfirm.as_view(), name="api-activity-confirm"),
    path("activities/<str:source>/<path:id>/cancel", views.ActivityCancel.as_view(), name="api-activity-cancel"),
    path("members/<str:number>/conversions", conversions.Conversions.as_view(), name="api-conversions"),
    path("members/<str:number>/expired", reinstatement.Expired.as_view(), name="api-expired"),
    path("members/<str:number>/reinstatements", reinstatement.Reinstatements.as_view(), name="api-reinstatements"),
    path(
        "members/<str:number>/reinstatements/<path:id>/pay",
        reinstatement.ReinstatementPay.as_view(),
        name="api-reinstatement-pay",
    ),
    path(
        "members/<str:number>/reinstatements/<path:id>/cancel",
        reinstatement.ReinstatementCancel.as_view(),
        name="api-reinstatement-cancel",
    ),
    path(
        "members/<str:number>/reinstatements/<path:id>",
        reinstatement.OneReinstatement.as_view(),
        name="api-reinstatement",
    ),
    path("transfers", moving.Transfers.as_view(), name="api-transfers"),
    path("transfers/<path:id>/accept", moving.TransferAccept.as_view(), name="api-transfer-accept"),
    path("transfers/<path:id>/decline", moving.TransferDecline.as_view(), name="api-transfer-decline"),
]
