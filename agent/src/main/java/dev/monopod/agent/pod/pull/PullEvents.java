package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.kube.client.EventType;
import java.time.Duration;
import java.util.Locale;

/// What is told of the pull of one container's image, in the kubelet's words.
final class PullEvents {
    private final PodReports reports;
    private final ContainerPlan container;
    private final String image;

    PullEvents(PodReports reports, ContainerPlan container) {
        this.reports = reports;
        this.container = container;
        this.image = container.spec().getImage();
    }

    void present() {
        normal("Pulled", "Container image \"%s\" already present on machine".formatted(image));
    }

    void pulling() {
        normal("Pulling", "Pulling image \"%s\"".formatted(image));
    }

    /// Without how far it is: equal events are counted.
    void stillPulling(long bytes) {
        normal("Pulling", "Still pulling image \"%s\" of %d bytes".formatted(image, bytes));
    }

    void pulled(Duration took, long bytes) {
        var time = duration(took);
        normal(
                "Pulled",
                "Successfully pulled image \"%s\" in %s (%s including waiting). Image size: %d bytes."
                        .formatted(image, time, time, bytes));
    }

    /// The container waits for this reason from now on.
    void failed(String reason, String message) {
        switch (reason) {
            case "ErrImageNeverPull" -> warning(reason, message);
            case "InvalidImageName" -> warning("InspectFailed", told(reason, message));
            default ->
                    warning("Failed", "Failed to pull image \"%s\": %s".formatted(image, message));
        }
        wait(reason, told(reason, message));
        warning("Failed", "Error: " + reason);
    }

    private String told(String reason, String message) {
        return reason.equals("InvalidImageName")
                ? "Failed to apply default image tag \"%s\": %s".formatted(image, message)
                : message;
    }

    void backsOff(String message) {
        var backOff = "Back-off pulling image \"%s\"".formatted(image);
        normal("BackOff", backOff);
        wait("ImagePullBackOff", backOff + ": ErrImagePull: " + message);
        warning("Failed", "Error: ImagePullBackOff");
    }

    private void wait(String reason, String message) {
        reports.post(new PodInput.ImageTrouble(container.name(), reason, message));
    }

    private void normal(String reason, String message) {
        reports.event(EventType.NORMAL, reason, message, container.fieldPath());
    }

    private void warning(String reason, String message) {
        reports.event(EventType.WARNING, reason, message, container.fieldPath());
    }

    /// As Go writes a duration in whole milliseconds: `312ms`, `1.2s`, `1m2.5s`.
    static String duration(Duration duration) {
        var millis = duration.toMillis();
        if (millis == 0) {
            return "0s";
        }
        if (millis < 1000) {
            return millis + "ms";
        }
        var seconds =
                String.format(Locale.ROOT, "%.3f", millis % 60_000 / 1000.0)
                        .replaceFirst("\\.?0+$", "");
        var minutes = millis / 60_000;
        var hours = minutes < 60 ? "" : minutes / 60 + "h";
        return hours
                + (minutes == 0 ? "" : minutes % 60 + "m")
                + (seconds.isEmpty() ? "0" : seconds)
                + "s";
    }
}
