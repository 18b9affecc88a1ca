"""Headings and labels of printed documents, names of roles and of verdicts, in English and French."""

from __future__ import annotations

from .conformity import Verdict
from .words import Text

LABELS: dict[str, Text] = {
    "title": Text("Calibration certificate", "Certificat d'étalonnage"),
    "identifier": Text("Certificate number", "Numéro du certificat"),
    "laboratory": Text("Calibration laboratory", "Laboratoire d'étalonnage"),
    "customer": Text("Customer", "Client"),
    "item": Text("Item calibrated", "Objet étalonné"),
    "description": Text("Description", "Désignation"),
    "manufacturer": Text("Manufacturer", "Constructeur"),
    "model": Text("Model", "Modèle"),
    "serial": Text("Serial number", "Numéro de série"),
    "condition": Text("Condition", "État"),
    "customer_id": Text("Customer's number", "Numéro du client"),
    "by_customer": Text("stated by the customer", "selon le client"),
    "calibration": Text("Calibration", "Étalonnage"),
    "uncertainty": Text("Expanded uncertainty\u00a0U", "Incertitude élargie\u00a0U"),
    "received": Text("Received on", "Reçu le"),
    "performed": Text("Calibrated on", "Étalonné le"),
    "issued": Text("Issued on", "Émis le"),
    "drafted": Text("Drafted on", "Projet du"),
    "place": Text("Place of calibration", "Lieu de l'étalonnage"),
    "authorised": Text("Authorising person", "Personne qui autorise l'émission"),
    "responsible": Text("Persons responsible", "Personnes responsables"),
    "equipment": Text("Measurement standards and equipment", "Étalons et équipements"),
    "equipment_name": Text("Equipment", "Équipement"),
    "certificate": Text("Certificate", "Certificat"),
    "methods": Text("Methods", "Méthodes"),
    "conditions": Text("Influence conditions", "Conditions d'influence"),
    "quantity": Text("Quantity", "Grandeur"),
    "mean": Text("Mean", "Moyenne"),
    "minimum": Text("Minimum", "Minimum"),
    "maximum": Text("Maximum", "Maximum"),
    "results": Text("Results", "Résultats"),
    "function": Text("Calibration function", "Fonction d'étalonnage"),
    "function_variables": Text("x: indication in {x}; y: value in {y}", "x : indication en {x} ; y : valeur en {y}"),
    "valid_range": Text("Range of indications", "Étendue des indications"),
    "coefficients": Text("Coefficients (unrounded)", "Coefficients (non arrondis)"),
    "covariance": Text("Covariance of the coefficients", "Covariance des coefficients"),
    "covariance_in_xml": Text(
        "The covariance of the coefficients is in the attached file.",
        "La covariance des coefficients est dans le fichier joint.",
    ),
    "effects": Text(
        "Shared effects, beside the coefficients' covariance", "Effets communs, hors covariance des coefficients"
    ),
    "effect": Text("Effect", "Effet"),
    "effect_kind": Text("Kind", "Nature"),
    "distribution": Text("Distribution", "Loi"),
    "effect_uncertainty": Text("Half-width or u", "Demi-étendue ou u"),
    "budgets": Text("Uncertainty budgets", "Bilans d'incertitude"),
    "statements": Text("Statements", "Déclarations"),
    "plot": Text("Errors with expanded uncertainties", "Erreurs et incertitudes élargies"),
    "curve": Text("Indication against reference value", "Indication en fonction de la valeur de référence"),
    "residuals": Text("Errors with expanded uncertainty U", "Erreurs et incertitude élargie U"),
    "as_found_and_left": Text("as found and as left", "à réception et à l'expédition"),
    "conformity": Text("Conformity", "Conformité"),
    "in_cmc": Text("Within CMC", "Dans les CMC"),
    "yes": Text("yes", "oui"),
    "no": Text("no", "non"),
    "tolerance": Text("Tolerance", "Tolérance"),
    "acceptance": Text("Acceptance", "Acceptation"),
    "specification": Text("Specification", "Spécification"),
    "decision_rule": Text("Decision rule", "Règle de décision"),
    "opinions": Text("Opinions and interpretations", "Avis et interprétations"),
    "replaces": Text("Replaces", "Remplace"),
    "recalibration": Text("Recalibration (asked by the customer)", "Réétalonnage (demandé par le client)"),
    "as_found": Text("as found", "à réception"),
    "as_left": Text("as left", "à l'expédition"),
    "page": Text("Page", "Page"),
    "of": Text("of", "sur"),
    "end": Text("End of the certificate", "Fin du certificat"),
    "record": Text("Head of the record's hash chain (SHA-256)", "Tête de la chaîne de hachage (SHA-256)"),
    "file": Text("SHA-256 of the attached XML (DCC)", "SHA-256 du fichier XML joint (DCC)"),
    "software": Text("Made by", "Établi par"),
    "machine": Text(
        "The machine-readable original (certificate.xml, DCC 3.3.0) is attached to this file.",
        "L'original lisible par machine (certificate.xml, DCC 3.3.0) est joint à ce fichier.",
    ),
}
"""Headings and labels of the printed certificate."""

ROLES: dict[str, Text] = {
    "operator": Text("Operator", "Opérateur"),
    "reviewer": Text("Reviewed by", "Vérifié par"),
    "authoriser": Text("Authorised for issue by", "Émission autorisée par"),
}
"""What the roles of a laboratory's persons are called; any other word is printed as it is."""

VERDICTS: dict[Verdict, Text] = {
    "pass": Text("pass", "conforme"),
    "fail": Text("fail", "non conforme"),
    "conditionalPass": Text("conditional pass", "conforme sous condition"),
    "conditionalFail": Text("conditional fail", "non conforme sous condition"),
    "noPass": Text("no pass", "conformité non prouvée"),
    "noFail": Text("no fail", "non-conformité non prouvée"),
}

LIMITS: dict[str, Text] = {
    "basic_toleranceLimitLower": Text("Lower tolerance limit", "Limite inférieure de tolérance"),
    "basic_acceptanceLimitLower": Text("Lower acceptance limit", "Limite inférieure d'acceptation"),
    "basic_acceptanceLimitUpper": Text("Upper acceptance limit", "Limite supérieure d'acceptation"),
    "basic_toleranceLimitUpper": Text("Upper tolerance limit", "Limite supérieure de tolérance"),
}
"""Limits by the roles that PTB's certificates give them."""

REPORT_LABELS: dict[str, Text] = {
    "title": Text("Test report", "Rapport d'essai"),
    "identifier": Text("Report number", "Numéro du rapport"),
    "laboratory": Text("Laboratory", "Laboratoire"),
    "performed": Text("Tested on", "Essai réalisé le"),
    "dates": Text("Test", "Essai"),
    "requirement": Text("Requirement", "Exigence"),
    "reason": Text("Found", "Constat"),
    "rule": Text("Decision rule", "Règle de décision"),
    "risk": Text("Risk", "Risque"),
    "counts": Text("Counts", "Décomptes"),
    "conditions": Text("Conditions", "Conditions"),
    "systems": Text("System under test", "Système soumis à l'essai"),
    "role": Text("role", "rôle"),
    "equipment": Text("Equipment", "Équipements"),
    "model_fitted": Text("Fitted model", "Modèle ajusté"),
    "procedure": Text("Procedure and record", "Procédure et enregistrement"),
    "limitations": Text("What this report does not prove", "Ce que ce rapport ne prouve pas"),
    "end": Text("End of the report", "Fin du rapport"),
    "file": Text("SHA-256 of the attached JSON", "SHA-256 du fichier JSON joint"),
    "machine": Text(
        "The content of this report for machines (report.json) is attached to this file.",
        "Le contenu de ce rapport pour machines (report.json) est joint à ce fichier.",
    ),
}
"""Labels of a test report, in place of those of a certificate or beside them."""

EQUIVALENCE_LABELS: dict[str, Text] = {
    "title": Text("Certificate of equivalence of a simulated bench", "Certificat d'équivalence d'un banc simulé"),
    "laboratory": Text("Laboratory", "Laboratoire"),
    "item": Text("Simulated bench", "Banc simulé"),
    "calibration": Text("Comparison", "Comparaison"),
    "performed": Text("Runs on", "Essais réalisés le"),
    "place": Text("Place of the comparison", "Lieu de la comparaison"),
    "equipment": Text("Measurement standards of both runs", "Étalons des deux essais"),
    "conditions": Text("Conditions of both runs", "Conditions des deux essais"),
    "budgets": Text("What the uncertainty of a difference is made of", "Composition de l'incertitude d'une différence"),
}
"""Labels of a certificate of equivalence, in place of those of a calibration."""

FORMULAS: dict[str, Text] = {
    "table": Text("straight lines between the points", "segments de droite entre les points"),
    "callendar-van-dusen": Text(
        "x = R₀ · (1 + A · y + B · y² + C · (y − 100 °C) · y³), C below 0 °C only",
        "x = R₀ · (1 + A · y + B · y² + C · (y − 100 °C) · y³), C au-dessous de 0 °C seulement",
    ),
}
"""Calibration functions that are not polynomials, by their kind; x is the indication, y the value."""
