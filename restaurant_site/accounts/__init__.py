"""Who gets in: failed sign-ins are bounded, and a second factor is asked for. An installed app. docs/accounts.md.

- `attempts`, `locking`: what django-axes counts here, and how a locked sign-in is answered;
- `codes`: the write rules of time-based codes and recovery codes;
- `middleware`, `views`: the second step, ahead of everything of the admin;
- `mailing`: the mail to who forgot their password, sent by the job loop.
"""
