using ViSurf.Core.Encoding;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// M-RoPE positions of a prompt: text counts on in all three rows, an image counts (frame, row, column) from where the text stopped,
/// and the next text starts one after the largest index. Follows transformers' <c>get_rope_index</c>.
/// </summary>
/// <param name="Time">[L].</param>
/// <param name="Height">[L].</param>
/// <param name="Width">[L].</param>
/// <param name="Next">Position of the first token after the prompt, in all three rows.</param>
internal sealed record RopeIndex(long[] Time, long[] Height, long[] Width, long Next)
{
    /// <summary>next − length: what has to be added to a token's place in the sequence (transformers' <c>rope_deltas</c>).</summary>
    public long Delta => Next - Time.Length;

    /// <exception cref="InvalidDataException">Placeholders and pictures do not fit, or the model reads no pictures.</exception>
    public static RopeIndex Of(EncodedPrompt prompt, QwenVlConfig config)
        => config.Vision is { } vision ? WithPictures(prompt, vision.SpatialMergeSize, config.ImageTokenId) : TextOnly(prompt, config.ModelType);

    private static RopeIndex TextOnly(EncodedPrompt prompt, string family)
    {
        if (prompt.Grids.Count > 0)
            throw new InvalidDataException(
                $"Expected a prompt without pictures for the text-only family '{family}', got {prompt.Grids.Count} in example '{prompt.Example.Id}'. Use a Qwen-VL checkpoint, or drop the pictures.");
        var index = Enumerable.Range(0, prompt.TokenIds.Count).Select(i => (long)i).ToArray();
        return new RopeIndex(index, index, index, index.Length);
    }

    private static RopeIndex WithPictures(EncodedPrompt prompt, int merge, int imageToken)
    {
        var ids = prompt.TokenIds;
        var rows = new[] { new long[ids.Count], new long[ids.Count], new long[ids.Count] };
        var (next, image, i) = (0L, 0, 0);
        while (i < ids.Count)
        {
            if (ids[i] != imageToken)
            {
                rows[0][i] = rows[1][i] = rows[2][i] = next++;
                i++;
                continue;
            }
            if (image == prompt.Grids.Count) throw Mismatch(prompt, $"placeholders for more than {image} pictures");
            var grid = prompt.Grids[image++];
            var (height, width) = (grid.Height / merge, grid.Width / merge);
            var count = grid.Frames * height * width;
            if (i + count > ids.Count) throw Mismatch(prompt, $"the prompt's end after {ids.Count - i} of picture {image}'s {count} placeholders");
            for (var k = 0; k < count; k++, i++)
            {
                if (ids[i] != imageToken) throw Mismatch(prompt, $"token {ids[i]} after {k} of picture {image}'s {count} placeholders");
                rows[0][i] = next + k / (height * width);
                rows[1][i] = next + k / width % height;
                rows[2][i] = next + k % width;
            }
            next += Math.Max(grid.Frames, Math.Max(height, width));
        }
        if (image != prompt.Grids.Count) throw Mismatch(prompt, $"placeholders for {image} pictures");
        return new RopeIndex(rows[0], rows[1], rows[2], next);
    }

    private static InvalidDataException Mismatch(EncodedPrompt prompt, string found)
        => new($"Expected image placeholders for {prompt.Grids.Count} pictures in the prompt of example '{prompt.Example.Id}', got {found}. "
            + "Use the prompt encoder of the same checkpoint.");
}
