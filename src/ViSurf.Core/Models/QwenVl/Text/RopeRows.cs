namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Which index (0 time, 1 height, 2 width) each of the d/2 rotary frequencies of a head reads.</summary>
internal static class RopeRows
{
    /// <summary>Qwen2-VL, Qwen2.5-VL: one section after the other.</summary>
    public static long[] Sectioned(QwenTextConfig config)
        => [.. config.RopeSection.SelectMany((count, row) => Enumerable.Repeat((long)row, count))];

    /// <summary>Qwen3-VL: t h w t h w … while height and width last, then time.</summary>
    public static long[] Interleaved(QwenTextConfig config)
    {
        var rows = new long[config.HeadSize / 2];
        for (var row = 1; row < 3; row++)
            for (var i = 0; i < config.RopeSection[row]; i++) rows[3 * i + row] = row;
        return rows;
    }

    /// <summary>Qwen2, Qwen3: text has one index.</summary>
    public static long[] Plain(QwenTextConfig config) => new long[config.HeadSize / 2];
}
