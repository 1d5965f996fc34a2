package dev.monopod.controller.admission;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.plan.LoggingPlan;
import java.util.ArrayList;
import java.util.List;

/// Judges ConfigMap `aws-observability/aws-logging` as EKS does: one that is too large is refused;
/// one that breaks another rule is stored, and disables logging for new pods. Who writes it is
/// warned of each rule that it breaks, and of what is not served here, with its line.
public final class LoggingValidation implements Webhook {
    private static final int FORBIDDEN = 403;

    @Override
    public Verdict judge(Review review) {
        var data = PodFacts.texts(review.object().path("data"));
        return switch (LoggingConfiguration.judge(data)) {
            case Judgement.TooLarge(Fault fault) ->
                    new Verdict.Denied(
                            FORBIDDEN,
                            "Forbidden",
                            "%s. %s: %s".formatted(fault.words(), fault.place(), fault.remedy()));
            case Judgement.Invalid(List<Fault> faults) ->
                    new Verdict.Allowed(
                            faults.stream()
                                    .map(fault ->
                                            "new pods will have logging disabled: "
                                                    + fault.message())
                                    .toList());
            case Judgement.Valid(LoggingConfiguration configuration, List<String> unread) -> {
                var warnings = new ArrayList<String>();
                unread.forEach(key -> warnings.add("data[%s] is read by nobody".formatted(key)));
                LoggingPlan.unserved(configuration)
                        .forEach(fault ->
                                warnings.add(
                                        "new pods will have logging disabled, where EKS would enable it: "
                                                + fault.message()));
                yield new Verdict.Allowed(warnings);
            }
        };
    }
}
