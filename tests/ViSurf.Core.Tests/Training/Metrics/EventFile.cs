using FluentAssertions;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>
/// A TensorBoard event file read from its definition: TFRecords (uint64 length, masked CRC-32C of it, data, masked CRC-32C of it) with protocol buffers
/// of <c>tensorflow.Event</c>. Shares nothing with the writer.
/// </summary>
internal static class EventFile
{
    /// <param name="Time">wall_time, seconds.</param>
    /// <param name="Step">step.</param>
    /// <param name="Version">file_version, or null.</param>
    /// <param name="SessionStatus">session_log.status, or null.</param>
    /// <param name="Scalars">summary.value tags and simple_values.</param>
    internal sealed record Event(double Time, long Step, string? Version, ulong? SessionStatus, (string Tag, float Value)[] Scalars);

    public static List<Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var events = new List<Event>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BitConverter.ToUInt64(bytes, at);
            Masked(bytes[at..(at + 8)]).Should().Be(BitConverter.ToUInt32(bytes, at + 8));
            var data = bytes[(at + 12)..(at + 12 + length)];
            Masked(data).Should().Be(BitConverter.ToUInt32(bytes, at + 12 + length));
            events.Add(ToEvent(data));
            at += 16 + length;
        }
        return events;
    }

    /// <summary>CRC-32C, bit by bit: reflected polynomial 0x82F63B78.</summary>
    public static uint Crc(byte[] data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
        }
        return ~crc;
    }

    private static uint Masked(byte[] data)
    {
        var crc = Crc(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
    }

    private static Event ToEvent(byte[] data)
    {
        var fields = Fields(data);
        var summary = fields.Where(f => f.Number == 5).SelectMany(f => Fields(f.Bytes)).Where(f => f.Number == 1).Select(f => Fields(f.Bytes));
        return new Event(
            fields.Where(f => f.Number == 1).Select(f => BitConverter.ToDouble(f.Bytes)).SingleOrDefault(),
            (long)fields.Where(f => f.Number == 2).Select(f => f.Varint).SingleOrDefault(),
            fields.Where(f => f.Number == 3).Select(f => System.Text.Encoding.UTF8.GetString(f.Bytes)).SingleOrDefault(),
            fields.Where(f => f.Number == 7).SelectMany(f => Fields(f.Bytes)).Where(f => f.Number == 1).Select(f => (ulong?)f.Varint).SingleOrDefault(),
            [.. summary.Select(v => (System.Text.Encoding.UTF8.GetString(v.Single(f => f.Number == 1).Bytes), BitConverter.ToSingle(v.Single(f => f.Number == 2).Bytes)))]);
    }

    /// <summary>A message's fields: varints, 8 bytes, length and bytes, 4 bytes.</summary>
    private static List<(int Number, ulong Varint, byte[] Bytes)> Fields(byte[] data)
    {
        var fields = new List<(int, ulong, byte[])>();
        for (var at = 0; at < data.Length;)
        {
            var key = Varint(data, ref at);
            var (number, varint, size) = ((int)(key >> 3), 0UL, 0);
            switch (key & 7)
            {
                case 0: varint = Varint(data, ref at); break;
                case 1: size = 8; break;
                case 2: size = (int)Varint(data, ref at); break;
                case 5: size = 4; break;
                default: throw new InvalidDataException($"wire type {key & 7}");
            }
            fields.Add((number, varint, data[at..(at + size)]));
            at += size;
        }
        return fields;
    }

    private static ulong Varint(byte[] data, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = data[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }
}
