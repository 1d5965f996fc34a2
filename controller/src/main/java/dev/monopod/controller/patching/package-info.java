/// Patching: evicts pods whose machines are out of date, zone by zone, as budgets allow, and
/// deletes at a deadline those whose eviction was refused. Depends on `kube`, `model` and
/// `controller` alone.
@NullMarked
package dev.monopod.controller.patching;

import org.jspecify.annotations.NullMarked;
