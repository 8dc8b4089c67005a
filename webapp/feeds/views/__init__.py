"""What programs ask for: feeds, the sitemap, and how to add the site to a browser or a home screen."""

from webapp.feeds.views import adding, crawling, following
from webapp.feeds.views.blueprint import blueprint

__all__ = ["adding", "blueprint", "crawling", "following"]
