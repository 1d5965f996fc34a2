package dev.monopod.kube.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Makes of an informer's three callbacks one listener, for those who then look at the whole and
/// not at what changed. The listener runs on the informer's thread and must not block.
public final class ChangeHandler<T extends HasMetadata> implements ResourceEventHandler<T> {
    private final Predicate<T> selected;
    private final BiPredicate<T, T> matters;
    private final Consumer<T> listener;

    private ChangeHandler(Predicate<T> selected, BiPredicate<T, T> matters, Consumer<T> listener) {
        this.selected = selected;
        this.matters = matters;
        this.listener = listener;
    }

    /// Tells of each object that comes, changes, is synchronised anew or goes.
    public static <T extends HasMetadata> ChangeHandler<T> each(Consumer<T> listener) {
        return new ChangeHandler<>(_ -> true, (_, _) -> true, listener);
    }

    /// Tells that some object came, changed or went.
    public static <T extends HasMetadata> ChangeHandler<T> any(Runnable listener) {
        return where(ChangeHandler::versionsDiffer, listener);
    }

    /// Tells that some object came or went, or changed its specification. The generation is raised
    /// by a deletion that is held, too, and by no write of a status.
    public static <T extends HasMetadata> ChangeHandler<T> anySpec(Runnable listener) {
        return where(ChangeHandler::specsDiffer, listener);
    }

    /// Tells that some object came or went, or changed in a way that matters.
    ///
    /// @param matters of an object before and after
    public static <T extends HasMetadata> ChangeHandler<T> where(
            BiPredicate<T, T> matters, Runnable listener) {
        return new ChangeHandler<>(_ -> true, matters, _ -> listener.run());
    }

    /// As [#any], of objects that are selected, or were before they changed.
    public static <T extends HasMetadata> ChangeHandler<T> anyOf(
            Predicate<T> selected, Runnable listener) {
        return new ChangeHandler<>(selected, ChangeHandler::versionsDiffer, _ -> listener.run());
    }

    private static boolean versionsDiffer(HasMetadata before, HasMetadata after) {
        return !Objects.equals(
                before.getMetadata().getResourceVersion(),
                after.getMetadata().getResourceVersion());
    }

    /// Whether the specification changed, or the deletion was asked for.
    public static boolean specsDiffer(HasMetadata before, HasMetadata after) {
        return !Objects.equals(
                before.getMetadata().getGeneration(), after.getMetadata().getGeneration());
    }

    @Override
    public void onAdd(T object) {
        if (selected.test(object)) {
            listener.accept(object);
        }
    }

    @Override
    public void onUpdate(T before, T after) {
        if ((selected.test(before) || selected.test(after)) && matters.test(before, after)) {
            listener.accept(after);
        }
    }

    @Override
    public void onDelete(T object, boolean finalStateUnknown) {
        if (selected.test(object)) {
            listener.accept(object);
        }
    }
}
