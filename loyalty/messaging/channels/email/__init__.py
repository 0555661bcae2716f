"""E-mail by the mailer `default` of settings.MAILERS: the console until EMAIL_URL names a server."""
