using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.Tokens;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Everything of a checkpoint directory of a supported family that is not weights: tokenizer, chat template, image processor, end-of-turn tokens.
/// Thread-safe.
/// </summary>
public sealed class QwenPromptEncoder : IPromptEncoder
{
    private static readonly string[] VisionTokens =
        ["<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", QwenChat.ImagePad, "<|video_pad|>"];

    private readonly string _directory;
    private readonly IImageDecoder _decoder;
    private readonly QwenVlConfig _config;
    private readonly QwenChat _chat;
    private readonly ControlTokens _control;

    private QwenPromptEncoder(string directory, IImageDecoder decoder, ControlTokensInRows controlTokens)
    {
        (_directory, _decoder, _config) = (directory, decoder, QwenVlConfigReader.Read(directory));
        _chat = ChatTemplateFile.Read(directory, QwenFamilies.Of(_config).Chat);
        Tokenizer = QwenTokenizer.Load(directory);
        ImageProcessor = _config.Vision is { } vision ? Fitting(ImageProcessorConfig.Read(directory), vision) : null;
        StopIds = EndOfTurn.Read(directory, Tokenizer);
        _control = controlTokens == ControlTokensInRows.AsText ? new ControlTokens(Tokenizer, StopIds) : QwenVl.ControlTokens.None;
        SuppressedIds = VisionTokens.Select(Tokenizer.Find).OfType<int>().ToArray();
        if (ImageProcessor is not null && Tokenizer.Id(QwenChat.ImagePad) != _config.ImageTokenId)
            throw new InvalidDataException($"'{directory}': the tokenizer calls {QwenChat.ImagePad} {Tokenizer.Id(QwenChat.ImagePad)}, config.json says image_token_id {_config.ImageTokenId}. Fetch both from one checkpoint.");
    }

    /// <summary>The tokenizer.</summary>
    public QwenTokenizer Tokenizer { get; }

    /// <summary>Pixels to patches; null for a text-only family.</summary>
    public QwenImageProcessor? ImageProcessor { get; }

    /// <summary>In which frame the family reads and writes coordinates; see <see cref="QwenFrames"/>.</summary>
    public CoordinateFrame Coordinates => QwenFamilies.Of(_config).Coordinates;

    /// <summary>Tokens that end an answer: <c>&lt;|im_end|&gt;</c> first, then those of generation_config.json.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>Vision placeholders, which must never be sampled: the model would look for pictures that are not there.</summary>
    public IReadOnlyList<int> SuppressedIds { get; }

    /// <summary>Loads a checkpoint directory's files.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="decoder">Null for <see cref="ImageDecoder.Default"/>.</param>
    /// <param name="controlTokens">
    /// What becomes of control tokens that rows spell: text, unless rows are trusted to write their own turns.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">There is no config.json or no tokenizer in it.</exception>
    /// <exception cref="InvalidDataException">A file is broken, of a family that is not supported, or contradicts another.</exception>
    public static QwenPromptEncoder Load(string directory, IImageDecoder? decoder = null,
        ControlTokensInRows controlTokens = ControlTokensInRows.AsText)
        => new(directory, decoder ?? ImageDecoder.Default, controlTokens);

    /// <inheritdoc/>
    /// <remarks>Where the chat template opens a thought, <c>&lt;think&gt;</c> with the line break that it writes.</remarks>
    public string AnswerOpening => _chat.Opening;

    /// <inheritdoc/>
    public IReadOnlyList<string> ControlTokens => _control.Texts;

    /// <summary>
    /// The conversation as the model reads it, one placeholder per image: for logs. An engine that takes text reads control tokens which
    /// the row spells as tokens (<see cref="ControlTokens"/>); give it <see cref="Encode"/>'s ids instead.
    /// </summary>
    /// <exception cref="InvalidDataException">The chat template cannot render it; the message names the example.</exception>
    public string Render(VisionExample example) => Rendered(Guard.NotNull(example)).Text;

    /// <summary>Size of a picture as the model is shown it before it is resized: as its decoder turns it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">Not a picture, or one above the decoder's limits; names it.</exception>
    public FrameSize SizeOf(ImageSource picture) => _decoder.SizeOf(picture);

    /// <inheritdoc/>
    public EncodedPrompt Encode(VisionExample example)
    {
        var images = Guard.NotNull(example).Images;
        var places = example.Turns.Sum(t => t.Parts.Count(p => p.IsImage));
        if (places != images.Count)
            throw new InvalidDataException($"Expected as many image places in the turns of example '{example.Id}' as it has images ({images.Count}), got {places}.");
        if (images.Count > 0 && ImageProcessor is null)
            throw new InvalidDataException($"Expected no pictures for the text-only family '{_config.ModelType}', got {images.Count} in example '{example.Id}'. Use a Qwen-VL checkpoint, or drop the pictures.");
        var patches = new List<(Tensor Pixels, PatchGrid Grid)>();
        using var scope = NewDisposeScope();
        try
        {
            foreach (var image in images) patches.Add(ImageProcessor!.Process(_decoder.Decode(image)));
            var ids = Expand(Tokenized(example), patches.Select(p => p.Grid).ToArray(), example.Id);
            return new EncodedPrompt(example, ids, patches.Select(p => p.Grid).ToArray(), patches.Count == 0 ? null : cat(patches.Select(p => p.Pixels).ToArray(), 0));
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"Example '{example.Id}': {e.Message}", e);
        }
        finally
        {
            foreach (var (pixels, _) in patches) pixels.Dispose();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> EncodeAnswer(string text)
    {
        var rest = AnswerText.AfterOpening(Guard.NotNull(text), AnswerOpening);
        return [.. Tokenizer.Encode(rest, [new TextSpan(0, rest.Length)], _control.Ids), StopIds[0]];
    }

    /// <inheritdoc/>
    public string Decode(IReadOnlyList<int> tokenIds) => Tokenizer.Decode(tokenIds);

    /// <summary>
    /// The example with its label in the model's frame (<see cref="QwenFrames"/>) and with the size of its picture, so that
    /// <see cref="ExampleFrames.ToPicture"/> takes predictions back. Reads headers only, and none where the size is known. Examples without
    /// pictures stay as they are.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// A picture cannot be read (it is missing, broken, or not for this user), several pictures have different sizes and the label has
    /// coordinates, or the coordinates can hardly be of the frame that they are said to be of; names the example.
    /// </exception>
    public VisionExample InModelFrame(VisionExample example) => QwenFrames.Bring(this, example);

    private ChatText Rendered(VisionExample example)
    {
        try
        {
            return _chat.Render(example.Turns, control: _control.Texts);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(
                $"Expected a conversation that the chat template of '{_directory}' can render in example '{example.Id}': {e.Message}.", e);
        }
    }

    private IReadOnlyList<int> Tokenized(VisionExample example)
    {
        var chat = Rendered(example);
        return Tokenizer.Encode(chat.Text, chat.Data, _control.Ids);
    }

    private List<int> Expand(IReadOnlyList<int> ids, PatchGrid[] grids, string example)
    {
        if (_config.Vision is not { } vision) return [.. ids];
        var merged = vision.SpatialMergeSize * vision.SpatialMergeSize;
        var (expanded, image) = (new List<int>(ids.Count), 0);
        foreach (var id in ids)
        {
            if (id != _config.ImageTokenId)
            {
                expanded.Add(id);
                continue;
            }
            if (image == grids.Length)
                throw new InvalidDataException($"Expected {grids.Length} image placeholders, got more: does the text of example '{example}' spell {QwenChat.ImagePad} out?");
            expanded.AddRange(Enumerable.Repeat(id, grids[image++].Patches / merged));
        }
        if (image < grids.Length)
            throw new InvalidDataException($"Expected a chat template that places all {grids.Length} pictures of example '{example}', "
                + $"got {image} placeholders. Use the template of the published Qwen-VL checkpoint.");
        return expanded;
    }

    private static QwenImageProcessor Fitting(ImageProcessorConfig config, QwenVisionConfig vision)
    {
        var (found, expected) = ((config.PatchSize, config.MergeSize, config.TemporalPatchSize), (vision.PatchSize, vision.SpatialMergeSize, vision.TemporalPatchSize));
        return found == expected ? new QwenImageProcessor(config)
            : throw new InvalidDataException($"Expected (patch, merge, temporal patch) sizes {expected} of config.json in preprocessor_config.json, got {found}. Fetch both from one checkpoint.");
    }
}
