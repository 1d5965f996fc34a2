package dev.monopod.cli.host;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.eviction.Budgets;
import dev.monopod.kube.eviction.EvictionAnswer;
import dev.monopod.kube.eviction.Evictions;
import dev.monopod.kube.eviction.Owners;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Moves pods off a host, pass by pass. What is there is looked up anew in each pass, so a pod that
/// the scheduler was just placing there is moved, too. One thread.
final class Drain {
    /// How long a refused pod is left alone, as by `kubectl drain`.
    static final Duration RETRY = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final String host;
    private final Terms terms;
    private final Consumer<String> say;
    private final LongSupplier nanos;
    private final Evictions evictions;

    /// By the pods' UIDs, in the order in which they were tried first.
    private final Map<String, Guest> guests = new LinkedHashMap<>();

    private final List<String> evicted = new ArrayList<>();

    /// What the user asks for.
    ///
    /// @param force whether pods that nobody makes again are evicted, too
    /// @param graceSeconds instead of the pods' own
    /// @param disableEviction whether pods are deleted without asking budgets
    record Terms(boolean force, OptionalInt graceSeconds, boolean disableEviction) {}

    /// What was done about a pod.
    private static final class Guest {
        private final String display;
        private boolean there = true;
        private @Nullable Long again;
        private String why = "";

        Guest(String display) {
            this.display = display;
        }
    }

    /// A machine of the host with its pod, if the API server has that.
    private record Place(Machine machine, Optional<Pod> pod) {
        String display() {
            var reference = machine.getSpec().pod();
            return reference.namespace() + "/" + reference.name();
        }

        String uid() {
            return machine.getSpec().pod().uid();
        }

        /// Whether it ends without being told to again.
        boolean going() {
            return pod.isEmpty() || pod.get().getMetadata().getDeletionTimestamp() != null;
        }

        /// Whether nobody would make it again, though it is not done.
        boolean alone() {
            return pod.filter(it -> Owners.of(it).isEmpty() && !PodPhases.ended(it)).isPresent();
        }
    }

    /// @param client that gives up a call within seconds
    /// @param nanos the steady clock
    Drain(
            KubernetesClient client,
            String host,
            Terms terms,
            Consumer<String> say,
            LongSupplier nanos) {
        this.client = client;
        this.host = host;
        this.terms = terms;
        this.say = say;
        this.nanos = nanos;
        this.evictions = new Evictions(client, terms.graceSeconds());
    }

    /// @throws CliException that names the pods that nobody makes again, unless they may be lost
    void check() {
        var alone =
                places().stream()
                        .filter(place -> !place.going() && place.alone())
                        .map(Place::display)
                        .toList();
        if (!alone.isEmpty() && !terms.force()) {
            throw new CliException(
                    "nobody makes these pods again once they are evicted: %s"
                            .formatted(String.join(", ", alone)),
                    "--force evicts them, too");
        }
    }

    /// Says what a pass would do.
    void show() {
        var budgets = Budgets.read(client);
        for (var place : places()) {
            place.pod()
                    .filter(_ -> !place.going())
                    .ifPresent(pod ->
                            say.accept(
                                    "%s pod %s (dry run; budget %s)"
                                            .formatted(
                                                    verb(), place.display(), budgets.words(pod))));
        }
    }

    /// Whether no machine is left there.
    boolean pass() {
        List<Place> places;
        try {
            places = places();
        } catch (KubernetesClientException e) {
            // It may be busy, or starting again: the time limit is the user's.
            if (ApiCode.later(e)) {
                return false;
            }
            throw e;
        }
        noteGone(places);
        for (var place : places) {
            var guest = guests.computeIfAbsent(place.uid(), _ -> new Guest(place.display()));
            if (place.going()) {
                guest.why = "its pod is gone, and its machine is being taken down";
                place.pod()
                        .ifPresent(pod ->
                                guest.why =
                                        "is being deleted since "
                                                + pod.getMetadata().getDeletionTimestamp());
            } else if (place.alone() && !terms.force()) {
                guest.why = "nobody makes it again: --force evicts it";
            } else if (guest.again == null || nanos.getAsLong() - guest.again >= 0) {
                place.pod().ifPresent(pod -> move(pod, guest));
            }
        }
        return places.isEmpty();
    }

    /// What holds a machine there, pod by pod.
    String left() {
        return guests.values().stream()
                .filter(guest -> guest.there)
                .map(guest -> guest.display + " (" + guest.why + ")")
                .collect(Collectors.joining(", "));
    }

    List<String> evicted() {
        return evicted;
    }

    private void noteGone(Collection<Place> places) {
        var there = places.stream().map(Place::uid).collect(Collectors.toSet());
        guests.forEach((uid, guest) -> {
            if (guest.there && !there.contains(uid)) {
                guest.there = false;
                evicted.add(guest.display);
                say.accept(
                        "pod %s %s"
                                .formatted(
                                        guest.display,
                                        terms.disableEviction() ? "deleted" : "evicted"));
            }
        });
    }

    private void move(Pod pod, Guest guest) {
        if (guest.again == null) {
            say.accept(verb() + " pod " + guest.display);
        }
        guest.again = nanos.getAsLong() + RETRY.toNanos();
        try {
            var answer = terms.disableEviction() ? deleted(pod) : evictions.evict(pod);
            switch (answer) {
                case EvictionAnswer.Evicted(), EvictionAnswer.Gone() ->
                        guest.why = "is being deleted";
                case EvictionAnswer.Refused(var why) -> refused(guest, why + budget(pod));
            }
        } catch (KubernetesClientException e) {
            // Such as of a webhook of its namespace that does not answer: it holds up no other pod.
            refused(guest, String.valueOf(e.getMessage()));
        }
    }

    private EvictionAnswer deleted(Pod pod) {
        return evictions.delete(pod) ? new EvictionAnswer.Evicted() : new EvictionAnswer.Gone();
    }

    private String budget(Pod pod) {
        var words = Budgets.read(client).words(pod);
        return words.equals("none") ? "" : " (" + words + ")";
    }

    private void refused(Guest guest, String why) {
        if (!guest.why.equals(why)) {
            guest.why = why;
            say.accept(
                    "pod %s stays, and is tried again every %d s: %s"
                            .formatted(guest.display, RETRY.toSeconds(), why));
        }
    }

    private String verb() {
        return terms.disableEviction() ? "deleting" : "evicting";
    }

    private List<Place> places() {
        var machines =
                client.resources(Machine.class).withField("spec.host", host).list().getItems();
        if (machines.isEmpty()) {
            return List.of();
        }
        var pods = new HashMap<String, Pod>();
        client.pods()
                .inAnyNamespace()
                .withField("spec.schedulerName", Names.SCHEDULER_NAME)
                .list()
                .getItems()
                .forEach(pod -> pods.put(pod.getMetadata().getUid(), pod));
        return machines.stream()
                .map(machine ->
                        new Place(
                                machine,
                                Optional.ofNullable(pods.get(machine.getSpec().pod().uid()))))
                .sorted(Comparator.comparing(Place::display))
                .toList();
    }
}
