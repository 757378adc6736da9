// From logit to calibrated probability, and to the prevalence of a site; as in metrics/platt.py and site.py.

/** The logistic function, exact for large logits of either sign. */
export function probabilityOf(logit) {
  return logit >= 0 ? Math.exp(-Math.log1p(Math.exp(-logit))) : Math.exp(logit - Math.log1p(Math.exp(logit)));
}

export function logOdds(probability) {
  return Math.log(probability / (1 - probability));
}

/** The calibrated logit of the graph's own. */
export function calibratedLogit(calibration, logit) {
  return calibration.slope * logit + calibration.intercept;
}

/** The probability where another share of films has pneumonia; the decisions stay. */
export function atPrevalence(calibration, logit, stated) {
  return probabilityOf(calibratedLogit(calibration, logit) + logOdds(stated) - logOdds(calibration.prevalence));
}

/** The answers that the conformal sets leave open: one, both or none; null without such sets. */
export function answersOf(conformal, logit) {
  if (!conformal) return null;
  const answers = [];
  if (logit >= (conformal.pneumonia_from ?? -Infinity)) answers.push("pneumonia");
  if (logit <= (conformal.normal_to ?? Infinity)) answers.push("normal");
  return answers;
}
