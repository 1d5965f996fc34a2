package dev.monopod.logging.config;

/// Whether the log router serves a new pod, as annotation `Logging` and an event tell it. A pod
/// keeps what it was told: changes of the ConfigMap are for pods that come later.
public sealed interface PodLogging {
    /// Reason of the event, and beginning of the annotation.
    String DISABLED = "LoggingDisabled";

    /// Behind [#DISABLED] in the annotation.
    String code();

    /// Of the event, a warning with reason [#DISABLED].
    String message();

    /// Value of the annotation `Logging`.
    default String annotation() {
        return DISABLED + ": " + code();
    }

    /// There is no ConfigMap. EKS' words.
    record NotFound() implements PodLogging {
        @Override
        public String code() {
            return "LOGGING_CONFIGMAP_NOT_FOUND";
        }

        @Override
        public String message() {
            return "Disabled logging because aws-logging configmap was not found. configmap"
                    + " \"aws-logging\" not found";
        }
    }

    /// The ConfigMap breaks a rule. EKS' words up to the colon; its code is not known, so this one
    /// is Monopod's.
    record Invalid(Fault fault) implements PodLogging {
        @Override
        public String code() {
            return "LOGGING_CONFIGMAP_INVALID";
        }

        @Override
        public String message() {
            return "Disabled logging for pod due to invalid configmap. %s. Please fix the logging configmap: %s: %s"
                    .formatted(fault.words(), fault.place(), fault.remedy());
        }
    }

    /// The ConfigMap is valid, and nothing here sends logs yet. Where EKS would say
    /// `LoggingEnabled`, that would be a lie.
    record NotDelivered() implements PodLogging {
        @Override
        public String code() {
            return "LOG_DELIVERY_NOT_IMPLEMENTED";
        }

        @Override
        public String message() {
            return "Disabled logging for pod: the logging configmap is valid, but Monopod does not"
                    + " send logs to outputs yet. kubectl logs shows them";
        }
    }

    /// Of a pod that comes while this is what the API server has.
    static PodLogging of(LoggingConfiguration.Judgement judgement) {
        return switch (judgement) {
            case LoggingConfiguration.Judgement.TooLarge(Fault fault) -> new Invalid(fault);
            case LoggingConfiguration.Judgement.Invalid(var faults) ->
                    new Invalid(faults.getFirst());
            case LoggingConfiguration.Judgement.Valid _ -> new NotDelivered();
        };
    }
}
