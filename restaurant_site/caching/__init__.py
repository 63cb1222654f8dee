"""Cache-aside with Redis that is never stale and never in the way. An installed app that knows no restaurant.

docs/caching.md says how it works and why it can't be stale. What other apps use:

- `writes.CachedModel`, `writes.Tags`: models whose every write renews the tags of what was cached from them;
- `outbox.changed`: the same for a write that goes past the models;
- `reads.cached`: a function whose result is cached;
- `fragments.fragment` and the template tag of that name: a rendered piece of a page;
- `public.public_page` and `pages.PageCache`: whole pages, answered before Django starts;
- `stamps.valid_until`, `stamps.do_not_store`: what a cached function or view says of its own answer;
- `sessions.SessionStore`: sessions in SQL, read through the cache.
"""
