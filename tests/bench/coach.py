# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a coach file of any size in the manner of real ones: templates that build on each other, a status and a command
section a DGN pair, and command entries that merge the status entry of their device."""

import os

INSTANCES = 250  # of a DGN; two devices at each

HEAD = """coach_info: {year: "2024", make: Bench, model: Mark, trim: "%d", notes: Made for measurements}

file_metadata:
  version: "1.0.0"
  immutable_fields: [entity_id, device_type]
  runtime_editable_fields: [friendly_name, area, suggested_area, groups, notes, interface]

validation_rules:
  entity_validation:
    required_fields: [entity_id, friendly_name, device_type, capabilities]
    entity_id_pattern: "^[a-z][a-z0-9_]*[a-z0-9]$"
    supported_device_types: [light, lock, fan, sensor]

global_defaults: &global_defaults
  interface: house
  group_mask: "0x7C"
  timeout: 5000
  retry_count: 3
  protocol_version: "rvc_2023"

templates:
  base_device: &base_device
    <<: *global_defaults
    enabled: true
    manufacturer: "Bench"
  rvc_device: &rvc_device
    <<: *base_device
    protocol: "rvc"
    can_arbitration_id_formula: "(0x18 << 24) | (dgn << 8) | source_address"
  light_base: &light_base
    device_type: light
    category: lighting
    power_type: "12V_DC"
  dimmable_light: &dimmable_light
    <<: [*light_base, *rvc_device]
    capabilities: [on_off, brightness]
    brightness_levels: 255
    brightness_range: [0, 100]

areas:
  interior: {display_name: Interior, zones: {bedroom: {display_name: Bedroom}, salon: {display_name: Salon}}}

"""

STATUS = """    - &device_{number:05d}
      entity_id: device_{number:05d}
      friendly_name: "Device number {number}!"
      area: interior.{area}
      <<: *dimmable_light
"""

COMMAND = """    - <<: *device_{number:05d}
      command_type: dimmer
      status_dgn: "{status:05X}"
"""


def model_name(n_devices):
    return f"2024_Bench_{n_devices}"


def write_coach(path, n_devices):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD % n_devices)
        for first in range(0, n_devices, 2 * INSTANCES):
            status = 0x1F000 + 2 * (first // (2 * INSTANCES))
            numbers = range(first, min(first + 2 * INSTANCES, n_devices))
            for dgn, entry in ((status, STATUS), (status + 1, COMMAND)):
                file.write(f"{dgn:05X}:\n")
                for number in numbers:
                    if number % 2 == 0:
                        file.write(f"  {number // 2 % INSTANCES}:\n")
                    file.write(entry.format(number=number, area=("bedroom", "salon")[number % 2], status=status))


def make_folder(path, sizes):
    """A folder for --development with a coach of each size."""
    os.makedirs(os.path.join(path, "coaches"), exist_ok=True)
    for n_devices in sizes:
        write_coach(os.path.join(path, "coaches", model_name(n_devices) + ".yml"), n_devices)
    return path
