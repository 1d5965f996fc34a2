package dev.monopod.logging.plan;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import java.util.Map;
import java.util.TreeMap;

/// Whether the log router serves a new pod, as annotation `Logging` and an event tell it. A pod
/// keeps what it was told: changes of the ConfigMap are for pods that come later.
public sealed interface PodLogging {
    /// Reason of the event, and beginning of the annotation.
    default String reason() {
        return "LoggingDisabled";
    }

    /// Behind the reason in the annotation.
    String code();

    /// Of the event.
    String message();

    /// Value of the annotation `Logging`.
    default String annotation() {
        return reason() + ": " + code();
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

    /// EKS would take the ConfigMap, and something in it is not served here: `LoggingEnabled` would
    /// be a lie.
    record NotServed(Fault fault) implements PodLogging {
        @Override
        public String code() {
            return "LOG_DELIVERY_NOT_IMPLEMENTED";
        }

        @Override
        public String message() {
            return "Disabled logging for pod: the logging configmap is valid, but %s: %s: %s. kubectl logs shows what the pod writes"
                    .formatted(fault.words(), fault.place(), fault.remedy());
        }
    }

    /// All outputs get the pod's log. EKS' words.
    ///
    /// @param data of the ConfigMap, which the pod keeps
    record Enabled(Map<String, String> data) implements PodLogging {
        public Enabled {
            data = Map.copyOf(data);
        }

        @Override
        public String reason() {
            return "LoggingEnabled";
        }

        @Override
        public String code() {
            return "";
        }

        @Override
        public String annotation() {
            return reason();
        }

        @Override
        public String message() {
            return "Successfully enabled logging for pod";
        }
    }

    /// Of a pod that comes while the API server has this ConfigMap.
    static PodLogging of(Map<String, String> data) {
        return switch (LoggingConfiguration.judge(data)) {
            case LoggingConfiguration.Judgement.TooLarge(Fault fault) -> new Invalid(fault);
            case LoggingConfiguration.Judgement.Invalid(var faults) ->
                    new Invalid(faults.getFirst());
            case LoggingConfiguration.Judgement.Valid(var configuration, var _) -> {
                var unserved = LoggingPlan.unserved(configuration);
                yield unserved.isEmpty()
                        ? new Enabled(LoggingConfiguration.read(data))
                        : new NotServed(unserved.getFirst());
            }
        };
    }

    /// What a pod keeps of the ConfigMap; empty if its log is sent nowhere.
    default Map<String, String> kept() {
        return this instanceof Enabled(var data) ? new TreeMap<>(data) : Map.of();
    }
}
