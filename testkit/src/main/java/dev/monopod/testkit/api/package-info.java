/// A real API server for tests, and a front before it that fails as it is told.
@NullMarked
package dev.monopod.testkit.api;

import org.jspecify.annotations.NullMarked;
