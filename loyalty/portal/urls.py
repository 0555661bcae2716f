from django.urls import path

from loyalty.portal.views import brand, checkin, earn, home, inbox, joining, me, sending, statement, terms
from loyalty.portal.views.why import unrewarded, why

urlpatterns = [
    path("", home.programs, name="programs"),
    path("media/logos/<str:name>", brand.logo, name="logo"),
    path("p/<slug:code>/", home.home, name="home"),
    path("p/<slug:code>/brand.css", brand.brand_css, name="brand_css"),
    path("p/<slug:code>/join/", joining.join, name="join"),
    path("p/<slug:code>/earn/", earn.earn, name="earn"),
    path("p/<slug:code>/here/<slug:place>/", checkin.here, name="here"),
    path("p/<slug:code>/here/<slug:place>/<slug:token>/", checkin.scanned, name="scanned"),
    path("p/<slug:code>/terms/", terms.terms, name="terms"),
    path("p/<slug:code>/card/", me.card, name="card"),
    path("p/<slug:code>/card.png", me.card_image, name="card_image"),
    path("p/<slug:code>/statement/", statement.statement, name="statement"),
    path("p/<slug:code>/statement/<int:posting>/", statement.posting, name="posting"),
    path("p/<slug:code>/lots/", statement.lots, name="lots"),
    path("p/<slug:code>/unrewarded/", unrewarded, name="unrewarded"),
    path("p/<slug:code>/why/<int:activity>/", why, name="why"),
    path("p/<slug:code>/send/", sending.send, name="send"),
    path("p/<slug:code>/send/<int:transfer_id>/", sending.answer, name="send_answer"),
    path("p/<slug:code>/me/", me.me, name="me"),
    path("p/<slug:code>/me/profile/", me.profile, name="profile"),
    path("p/<slug:code>/me/consents/", me.consents, name="consents"),
    path("p/<slug:code>/me/data/", me.data, name="data"),
    path("p/<slug:code>/inbox/", inbox.inbox, name="inbox"),
    path("p/<slug:code>/inbox/read/", inbox.read_all, name="read_all"),
    path("p/<slug:code>/inbox/<int:entry_id>/", inbox.message, name="message"),
]
