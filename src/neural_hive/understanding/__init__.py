"""What an intention says: language, personal data, domain, entities and above all actions."""

from __future__ import annotations

from neural_hive.types import Intent, Language, Understanding

__all__ = ["understand"]


def understand(intent: Intent) -> Understanding:
    """Read an intention's own text; a given plan is read by `planning`.

    Personal data are masked first: nothing after this line sees the original text.
    """
    from neural_hive.understanding import actions, domain, entities, language, privacy

    masked = privacy.mask(intent.text)
    probabilities = language.detect(masked.text)
    spoken = intent.language or _likeliest(probabilities)
    reading = actions.read(masked.text, spoken)
    domains = domain.classify(masked.text, reading.actions, domain.notation_of(intent), domain.excerpt_of(intent))
    return Understanding(
        language=spoken,
        language_probabilities=probabilities,
        domain=max(domains, key=lambda name: (domains[name], name)),
        domain_probabilities={name.value: share for name, share in domains.items()},
        masked_text=masked.text,
        actions=reading.in_order(),
        signals=reading.signals,
        entities=entities.find(masked.text),
        pii=masked.findings,
        coverage=reading.coverage,
    )


def _likeliest(probabilities: dict[str, float]) -> Language:
    if probabilities["und"] >= max(probabilities["pt"], probabilities["en"]):
        return "und"
    return "pt" if probabilities["pt"] >= probabilities["en"] else "en"
