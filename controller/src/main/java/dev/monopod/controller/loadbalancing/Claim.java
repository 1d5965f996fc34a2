package dev.monopod.controller.loadbalancing;

import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.function.Consumer;

/// An owner that shall have an address.
///
/// @param objects to tell when there is none
/// @param tell writes the address into their status, if it is not there yet
record Claim(Owner owner, List<? extends HasMetadata> objects, Consumer<String> tell) {}
