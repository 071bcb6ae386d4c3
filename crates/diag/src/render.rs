//! Renderings of diagnostics: full text with snippets, one line each, json.
