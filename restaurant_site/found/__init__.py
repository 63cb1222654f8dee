"""How the site is found: what search engines, previews of links and mail programs are told of its pages."""
