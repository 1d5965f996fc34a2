/// The controller's main: lists what is wired.
@NullMarked
package dev.monopod.controller;

import org.jspecify.annotations.NullMarked;
