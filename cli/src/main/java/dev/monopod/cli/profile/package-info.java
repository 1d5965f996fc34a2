/// Profiles.
@NullMarked
package dev.monopod.cli.profile;

import org.jspecify.annotations.NullMarked;
