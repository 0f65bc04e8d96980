"""A local service that speaks Amazon Rekognition's and S3's wire protocols on loopback.

It stands alone: it imports nothing of Truthline, because an emulator that shared Truthline's parser would
agree with its bugs. It is emulated that a project has datasets with entries; training is not.
"""

from truthline.emulator.clock import Clock, ManualClock, SystemClock
from truthline.emulator.dispatch import RequestRecord
from truthline.emulator.service import Emulator
from truthline.emulator.switches import Limits, Switches

__all__ = ["Clock", "Emulator", "Limits", "ManualClock", "RequestRecord", "Switches", "SystemClock"]
