"""What the two sample brands sell, and where."""

from config.sample.shopping import Article, Shop

AURORA = Shop(
    prefix="aurora",
    zone="Europe/Oslo",
    stores=("Oslo 1", "Oslo 1", "Bergen", "web"),
    articles=(
        Article("espresso", "coffee", "3.20"),
        Article("flat-white", "coffee", "4.60"),
        Article("filter", "coffee", "3.80"),
        Article("cinnamon-bun", "bakery", "4.20"),
        Article("sourdough", "bakery", "6.90"),
        Article("beans-250", "whole beans", "11.50"),
        Article("beans-1000", "whole beans", "34.00"),
        Article("mug", "home", "18.00"),
        Article("pour-over", "home", "42.00"),
        Article("gift-card-50", "gift cards", "50.00"),
    ),
    opens=7,
    closes=19,
)

FJORD = Shop(
    prefix="fjord",
    zone="Europe/Oslo",
    stores=("Aker Brygge", "Trondheim", "web", "web"),
    articles=(
        Article("wool-sweater", "knitwear", "129.00"),
        Article("rain-jacket", "outerwear", "219.00"),
        Article("beanie", "accessories", "29.00"),
        Article("scarf", "accessories", "45.00"),
        Article("chinos", "trousers", "89.00"),
        Article("tee", "basics", "25.00"),
        Article("socks", "basics", "12.00"),
    ),
    opens=10,
    closes=20,
)
