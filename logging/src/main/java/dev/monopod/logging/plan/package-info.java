/// The whole way of a record, from the tail to the outputs, and what pods are told of it. Pure.
@NullMarked
package dev.monopod.logging.plan;

import org.jspecify.annotations.NullMarked;
