/// What servers of the controller share: their certificates.
@NullMarked
package dev.monopod.controller.serving;

import org.jspecify.annotations.NullMarked;
